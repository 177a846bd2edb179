//! A cluster of its own with one small schema, a plan over it, and what a capture said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flusso_postgres::capture::PostgresCapture;
use flusso_postgres::connect::ConnectPlan;
use flusso_postgres::session::{Bond, Session, connect};
use flusso_runtime::backends::RunOptions;
use flusso_runtime::progress::{Progress, ProgressEvent, Shutdown};
use flusso_schemas::lock::{Identity, Lock, Manage, SecretRef, SourceEndpoint, SourcePlan};
use flusso_test_locks as locks;
use tempfile::TempDir;
use xtask::services::postgres::{Cluster, Connection};

use crate::rig::watch;

/// Name of slot and publication.
pub(super) const NAME: &str = "flusso_rig";
/// A bound that a test waits for to run out.
pub(super) const SHORT: Duration = Duration::from_secs(2);
/// A bound that must not run out.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Tables that the plan captures: a root, and a child that needs more than its key in an old row.
const SCHEMA: [&str; 5] = [
    "create schema shop",
    "create type shop.status as enum ('draft', 'paid')",
    "create table shop.orders (id bigint primary key, status shop.status not null, \
     total numeric(12,2) not null, note character varying(20))",
    "create table shop.items (id bigint primary key, order_id bigint not null references shop.orders, \
     v int not null)",
    "insert into shop.orders values (1, 'draft', 1.5, 'a')",
];

/// A cluster with the schema.
pub(super) struct Rig {
    pub(super) cluster: Cluster,
    pub(super) sql: Connection,
    folder: TempDir,
}

/// What a capture waited for, in words.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn event(&self, event: ProgressEvent) {
        if let ProgressEvent::Waiting { what } = event {
            self.0.lock().expect("nobody panics here").push(what);
        }
    }
}

impl Heard {
    pub(super) fn has(&self, what: &str) -> bool {
        self.0.lock().expect("nobody panics here").iter().any(|heard| heard.contains(what))
    }

    /// Ends once something that holds these words is waited for.
    pub(super) async fn wait_for(&self, what: &str) {
        let heard = async {
            while !self.has(what) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, heard).await.unwrap_or_else(|_| panic!("`{what}` in {self:?}"));
    }
}

impl Rig {
    pub(super) fn start(settings: &[(&str, &str)]) -> Self {
        watch();
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), settings).expect("a cluster");
        let sql = cluster.connect("postgres").expect("a connection");
        let mut rig = Self { cluster, sql, folder };
        rig.run(&SCHEMA);
        rig
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

    /// The URL as a role, behind a reference.
    pub(super) fn endpoint(&self, role: &str) -> SourceEndpoint {
        let path = self.folder.path().join(format!("url-{role}"));
        let url = format!("postgres://{role}@127.0.0.1:{}/postgres", self.cluster.port);
        std::fs::write(&path, url).expect("a file");
        SourceEndpoint::Url(SecretRef::File(path))
    }

    fn connect_plan(&self, role: &str, plan: &Lock) -> ConnectPlan {
        let source = SourcePlan { endpoint: self.endpoint(role), ..plan.source.clone() };
        ConnectPlan::of_source(&source, false).expect("a plan")
    }

    /// A session as a role.
    pub(super) async fn session(&self, role: &str) -> Session {
        connect(&self.connect_plan(role, &plan(&[])), "test", &Bond::default()).await.expect("a session")
    }

    /// A capture as the superuser with these bounds.
    pub(super) async fn capture(&self, plan: &Lock, bound: Duration) -> (PostgresCapture, Arc<Heard>) {
        self.capture_as("postgres", plan, bound).await
    }

    pub(super) async fn capture_as(
        &self,
        role: &str,
        plan: &Lock,
        bound: Duration,
    ) -> (PostgresCapture, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let options = options(&heard, bound);
        let connecting = self.connect_plan(role, plan);
        let capture = PostgresCapture::new(plan, &connecting, &Bond::default(), &options).await;
        (capture.expect("a capture"), heard)
    }
}

/// Bounds of a run, and who hears it.
pub(super) fn options(heard: &Arc<Heard>, bound: Duration) -> RunOptions {
    RunOptions {
        allow_commands: false,
        readers: 1,
        gate_wait: bound,
        slot_wait: bound,
        progress: Arc::clone(heard) as Arc<dyn Progress>,
        shutdown: Shutdown::default(),
    }
}

/// A plan over the schema that may manage these.
pub(super) fn plan(manage: &[Manage]) -> Lock {
    let mut index = locks::index("orders");
    index.enums = BTreeMap::from([("shop.status".to_owned(), ["draft", "paid"].map(str::to_owned).to_vec())]);
    let orders = [
        "id bigint not null",
        "note character varying",
        "status shop.status not null",
        "total numeric(12,2) not null",
    ];
    index.edges = vec![
        locks::edge("shop.items", &["items"], &["order_id"], &["order_id bigint not null"]),
        locks::edge("shop.orders", &["."], &["id"], &orders),
    ];
    let mut lock = locks::lock("rig", vec![index]);
    lock.source.publication = NAME.to_owned();
    lock.source.slot = NAME.to_owned();
    lock.source.manage = manage.iter().copied().collect();
    lock.source.server_version_min = vec!["15.13".to_owned()];
    lock.source.settings = BTreeMap::from([("wal_level".to_owned(), "logical".to_owned())]);
    lock.tables = vec![
        locks::table("shop.items", Identity::Full, &["order_id"]),
        locks::table("shop.orders", Identity::Default, &["id"]),
    ];
    lock
}
