//! A database of its own, plans over it written by hand, and whoever builds documents from it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flusso_postgres::connect::ConnectPlan;
use flusso_postgres::documents::PostgresDocuments;
use flusso_postgres::session::{Bond, Session, connect};
use flusso_runtime::backends::RunOptions;
use flusso_runtime::documents::{Built, Key, Selection};
use flusso_runtime::progress::{Progress, ProgressEvent, Shutdown};
use flusso_schemas::lock::{Edge, IndexPlan, KeyColumn, Lock, Node, SecretRef, SourceEndpoint, read};
use flusso_schemas::name::{Ident, TableName};
use tempfile::TempDir;
use xtask::services::postgres::{Cluster, Connection};

use crate::rig::{PATIENCE, shared_postgres, watch};

/// Everything a table has.
pub(in crate::service) const ALL: Selection = Selection::Range { after: None, up_to: None };

/// A database that no other test uses.
pub(in crate::service) struct Rig {
    pub(in crate::service) sql: Connection,
    address: String,
    database: String,
    folder: TempDir,
}

/// Who builds documents from it, and what that one says and is told.
pub(in crate::service) struct Builder {
    pub(in crate::service) documents: Arc<PostgresDocuments>,
    pub(in crate::service) heard: Arc<Heard>,
    pub(in crate::service) shutdown: Shutdown,
    pub(in crate::service) bond: Bond,
}

/// What was waited for, in words.
#[derive(Debug, Default)]
pub(in crate::service) struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn event(&self, event: ProgressEvent) {
        if let ProgressEvent::Waiting { what } = event {
            self.0.lock().expect("nobody panics here").push(what);
        }
    }
}

impl Heard {
    /// Ends once something that holds these words is waited for.
    pub(in crate::service) async fn wait_for(&self, what: &str) {
        eventually(what, || {
            self.0.lock().expect("nobody panics here").iter().any(|heard| heard.contains(what))
        })
        .await;
    }
}

/// Waits until something is so.
pub(in crate::service) async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

impl Rig {
    /// An empty database of the test run's server.
    pub(in crate::service) fn new() -> Self {
        Self::over(shared_postgres().trim_start_matches("postgres://postgres@"))
    }

    /// An empty database of a cluster of the test's own.
    pub(in crate::service) fn on(cluster: &Cluster) -> Self {
        Self::over(&format!("127.0.0.1:{}/postgres", cluster.port))
    }

    /// `host:port/database` of whom to ask for a database.
    fn over(place: &str) -> Self {
        watch();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (address, postgres) = place.split_once('/').expect("a URL with a database");
        let database = format!("documents_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut owner =
            Connection::open(address, "postgres", postgres).expect("the server takes connections");
        owner.query(&format!("create database {database}")).expect("a database of its own");
        let sql = Connection::open(address, "postgres", &database).expect("it is there");
        let folder = tempfile::tempdir().expect("a folder");
        Self { sql, address: address.to_owned(), database, folder }
    }

    /// Another session.
    pub(in crate::service) fn session(&self) -> Connection {
        Connection::open(&self.address, "postgres", &self.database).expect("the server takes connections")
    }

    /// Runs statements, each by itself.
    pub(in crate::service) fn run(&mut self, statements: &[&str]) {
        for statement in statements {
            self.sql.query(statement).expect(statement);
        }
    }

    /// The first value of the first row.
    pub(in crate::service) fn value(&mut self, sql: &str) -> Option<String> {
        self.sql.query(sql).expect(sql).into_iter().next().and_then(|row| row.into_iter().next().flatten())
    }

    /// How many of our connections are as the condition over `pg_stat_activity` says.
    pub(in crate::service) fn sessions_where(&mut self, condition: &str) -> usize {
        let ours = "datname = current_database() and application_name like '% documents'";
        let count =
            self.value(&format!("select count(*) from pg_stat_activity where {ours} and {condition}"));
        count.expect("a count").parse().expect("a number")
    }

    /// A file that holds the database's URL.
    pub(in crate::service) fn url_file(&self) -> PathBuf {
        let path = self.folder.path().join("url");
        std::fs::write(&path, format!("postgres://postgres@{}/{}", self.address, self.database))
            .expect("a file");
        path
    }

    /// Where to connect, and with what settings.
    fn connect_plan(&self) -> ConnectPlan {
        let path = self.url_file();
        let mut source = example().source;
        source.endpoint = SourceEndpoint::Url(SecretRef::File(path));
        ConnectPlan::of_source(&source, false).expect("a plan")
    }

    /// A session with flusso's settings.
    pub(super) async fn pinned_session(&self) -> Session {
        connect(&self.connect_plan(), "test", &Bond::default()).await.expect("a session")
    }

    /// Opens the connections that documents are read in.
    pub(in crate::service) async fn builder(&self) -> Builder {
        let (heard, shutdown, bond) = (Arc::new(Heard::default()), Shutdown::default(), Bond::default());
        let options = RunOptions {
            allow_commands: false,
            readers: 1,
            gate_wait: PATIENCE,
            slot_wait: PATIENCE,
            progress: Arc::clone(&heard) as Arc<dyn Progress>,
            shutdown: shutdown.clone(),
        };
        let documents =
            PostgresDocuments::new(&self.connect_plan(), &bond, &options).await.expect("connections");
        Builder { documents: Arc::new(documents), heard, shutdown, bond }
    }
}

/// The lock that a person wrote by hand over the example shop.
pub(in crate::service) fn example() -> Lock {
    let path = xtask::paths::root().join("schemas/fixtures/lock-example/flusso.lock");
    read(&std::fs::read_to_string(path).expect("the checkout has it")).expect("a lock")
}

/// A key of these parts.
pub(in crate::service) fn key(parts: &[&str]) -> Key {
    Key(parts.iter().map(|part| (*part).to_owned()).collect())
}

/// Keys of one part each.
pub(in crate::service) fn keys(texts: &[&str]) -> Selection {
    Selection::Keys(texts.iter().map(|text| key(&[text])).collect())
}

/// A plan over one table with only a root.
pub(in crate::service) fn plan(table: TableName, key: &[(&str, &str)], root: &str, bound: &str) -> IndexPlan {
    let part = |(column, pg_type): &(&str, &str)| KeyColumn {
        column: Ident::new(*column),
        pg_type: (*pg_type).to_owned(),
    };
    let key: Vec<KeyColumn> = key.iter().map(part).collect();
    let edge = Edge {
        table,
        roles: vec![".".to_owned()],
        navigation: key.iter().map(|part| part.column.clone()).collect(),
        resolve: None,
        columns: BTreeMap::new(),
    };
    let mut index = example().indexes.remove(0);
    index.nodes = vec![node(".", root)];
    index.edges = vec![edge];
    index.bound = bound.to_owned();
    index.key = key;
    index
}

/// A node without slots.
pub(in crate::service) fn node(path: &str, sql: &str) -> Node {
    let [open, separator, close, empty] = ["[", ",", "]", "[]"].map(str::to_owned);
    Node {
        path: path.to_owned(),
        open,
        separator,
        close,
        empty: Some(empty),
        slots: Vec::new(),
        sql: sql.to_owned(),
    }
}

/// A plan over `shop.things (id bigint primary key, …)`, whose root prints this expression over `t`.
pub(in crate::service) fn things(document: &str) -> IndexPlan {
    let root = format!("select t.id::text, {document} from shop.things t where {{rows:t.id}}");
    let bound = "select t.id::text from shop.things t where {range:t.id} order by t.id offset $1 limit 1";
    plan(TableName::new("shop", "things"), &[("id", "bigint")], &root, bound)
}

/// Documents as text, by key.
pub(in crate::service) fn texts(built: &Built) -> BTreeMap<Key, String> {
    let text = |json: &[u8]| String::from_utf8(json.to_vec()).expect("documents are UTF-8");
    built.documents.iter().map(|document| (document.key.clone(), text(document.json))).collect()
}
