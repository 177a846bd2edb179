//! A cluster of its own, a plan of bare edges, and what a stream said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flusso_postgres::capture::PostgresCapture;
use flusso_postgres::connect::ConnectPlan;
use flusso_postgres::replication::{StreamRequest, open};
use flusso_postgres::session::{self, Bond};
use flusso_runtime::backends::RunOptions;
use flusso_runtime::limits;
use flusso_runtime::progress::{Progress, ProgressEvent, Shutdown};
use flusso_runtime::source::{ChangeCapture as _, ChangeStream, Event};
use flusso_runtime::{Error, Result};
use flusso_schemas::lock::{IndexPlan, Lock, SecretRef, SourceEndpoint};
use flusso_schemas::state::CatalogRecord;
use flusso_test_locks as locks;
use tempfile::TempDir;
use xtask::services::postgres::{Cluster, Connection};

use crate::rig::watch;

/// Name of slot and publication.
pub(super) const SLOT: &str = "flusso_rig";
/// Longest wait for an event that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster with one database, its schema, a publication of all its tables, and a slot.
pub(super) struct Rig {
    pub(super) cluster: Cluster,
    pub(super) sql: Connection,
    pub(super) folder: TempDir,
}

/// What a run of the stream says and falls with.
pub(super) struct Opened {
    pub(super) stream: Box<dyn ChangeStream>,
    pub(super) bond: Bond,
}

impl Rig {
    /// Starts a cluster and runs the schema before publication and slot are made.
    pub(super) fn start(settings: &[(&str, &str)], schema: &[&str]) -> Self {
        watch();
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), settings).expect("a cluster");
        let mut sql = cluster.connect("postgres").expect("a connection");
        let provision = [
            format!("create publication {SLOT} for all tables"),
            format!("select pg_create_logical_replication_slot('{SLOT}', 'pgoutput')"),
        ];
        for statement in schema.iter().copied().chain(provision.iter().map(String::as_str)) {
            sql.query(statement).expect(statement);
        }
        Self { cluster, sql, folder }
    }

    pub(super) fn run(&mut self, statements: &[&str]) {
        for statement in statements {
            self.sql.query(statement).expect(statement);
        }
    }

    /// The first value of the first row.
    pub(super) fn value(&mut self, sql: &str) -> Option<String> {
        self.sql.query(sql).expect(sql).into_iter().next().and_then(|row| row.into_iter().next().flatten())
    }

    /// How to connect, to the cluster itself or to something in front of it.
    pub(super) fn connect_plan(&self, user: &str, port: u16) -> ConnectPlan {
        let path = self.folder.path().join(format!("url-{port}-{}", user.replace(':', "-")));
        std::fs::write(&path, format!("postgres://{user}@127.0.0.1:{port}/postgres?sslmode=disable"))
            .expect("a file");
        let mut source = locks::source(SLOT);
        source.endpoint = SourceEndpoint::Url(SecretRef::File(path));
        ConnectPlan::of_source(&source, false).expect("a plan")
    }

    pub(super) async fn open(&self, plan: &Lock) -> Opened {
        let port = self.cluster.port;
        self.try_open(plan, [port, port], &options(&Arc::default())).await.expect("a stream")
    }

    /// Opens a stream on the first port; the session that observes is on the second. Rows are routed by
    /// the catalog as it is now.
    pub(super) async fn try_open(
        &self,
        plan: &Lock,
        ports: [u16; 2],
        options: &RunOptions,
    ) -> Result<Opened> {
        let bond = Bond::default();
        let [connect, control] = ports.map(|port| self.connect_plan("postgres", port));
        let observer = Arc::new(session::connect(&control, "control", &bond).await?);
        let request = StreamRequest { plan, connect: &connect, bond: &bond, observer, options };
        let mut stream = open(request).await?;
        stream.follow(&self.records(plan).await);
        Ok(Opened { stream, bond })
    }

    /// What each index of a plan depends on in the catalog now.
    pub(super) async fn records(&self, plan: &Lock) -> BTreeMap<usize, CatalogRecord> {
        let connect = self.connect_plan("postgres", self.cluster.port);
        let capture = PostgresCapture::new(plan, &connect, &Bond::default(), &options(&Arc::default())).await;
        let capture = capture.expect("a capture");
        let mut records = BTreeMap::new();
        for (position, index) in plan.indexes.iter().enumerate() {
            records.insert(position, capture.catalog_record(index).await.expect("a record"));
        }
        records
    }

    /// A stream whose rows are routed by a catalog of before.
    pub(super) async fn open_with(
        &self,
        plan: &Lock,
        records: &BTreeMap<usize, CatalogRecord>,
    ) -> Box<dyn ChangeStream> {
        let connect = self.connect_plan("postgres", self.cluster.port);
        let (bond, options) = (Bond::default(), options(&Arc::default()));
        let observer = Arc::new(session::connect(&connect, "control", &bond).await.expect("a session"));
        let request = StreamRequest { plan, connect: &connect, bond: &bond, observer, options: &options };
        let mut stream = open(request).await.expect("a stream");
        stream.follow(records);
        stream
    }

    /// Opens the connection of a stream as a user, and lets it go.
    pub(super) async fn log_in(&self, user: &str) -> Result<()> {
        let (bond, options) = (Bond::default(), options(&Arc::default()));
        let control = self.connect_plan("postgres", self.cluster.port);
        let observer = Arc::new(session::connect(&control, "control", &bond).await?);
        let connect = self.connect_plan(user, self.cluster.port);
        let plan = plan(&[]);
        let request =
            StreamRequest { plan: &plan, connect: &connect, bond: &bond, observer, options: &options };
        open(request).await.map(drop)
    }
}

/// What happened, in words.
#[derive(Debug, Default)]
pub(super) struct Heard(pub(super) Mutex<Vec<String>>);

impl Progress for Heard {
    fn event(&self, event: ProgressEvent) {
        if let ProgressEvent::Waiting { what } = event {
            self.0.lock().expect("nobody panics here").push(what);
        }
    }
}

pub(super) fn options(heard: &Arc<Heard>) -> RunOptions {
    RunOptions {
        allow_commands: false,
        readers: 1,
        gate_wait: limits::GATE_WAIT,
        slot_wait: Duration::from_secs(2),
        progress: Arc::clone(heard) as Arc<dyn Progress>,
        shutdown: Shutdown::default(),
    }
}

/// An index a line: `table: navigation / columns`.
pub(super) fn plan(edges: &[(&str, &[&str], &[&str])]) -> Lock {
    let index = |(table, navigation, columns): &(&str, &[&str], &[&str])| IndexPlan {
        edges: vec![locks::edge(table, &[], navigation, columns)],
        ..locks::index("rig")
    };
    let mut lock = locks::lock("rig", edges.iter().map(index).collect());
    lock.source.publication = SLOT.to_owned();
    lock.source.slot = SLOT.to_owned();
    lock
}

/// The next event that is no keepalive.
pub(super) async fn next(stream: &mut dyn ChangeStream) -> Result<Event> {
    let event = async {
        loop {
            match stream.next().await? {
                Event::Keepalive(_) => {}
                event => return Ok::<_, Error>(event),
            }
        }
    };
    tokio::time::timeout(PATIENCE, event).await.expect("an event comes in time")
}

/// What the next transaction holds: `index:key,key` a hit, and other events in words.
pub(super) async fn transaction(stream: &mut dyn ChangeStream) -> Vec<String> {
    let mut said = Vec::new();
    assert!(matches!(next(stream).await.expect("a begin"), Event::Begin(_)));
    loop {
        match next(stream).await.expect("a transaction goes on") {
            Event::Change(hits) => {
                said.extend(hits.iter().map(|hit| format!("{}:{}", hit.index, hit.key.0.join(","))));
            }
            Event::Truncate { tables, indexes } => said.push(format!("truncate {tables:?} {indexes:?}")),
            Event::Unusable { indexes, reason, .. } => said.push(format!("{indexes:?} {reason}")),
            Event::Commit { .. } => return said,
            other => panic!("{other:?} inside a transaction"),
        }
    }
}
