//! A sink under a prefix of its own, which is removed when the test ends.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use flusso_runtime::backends::RunOptions;
use flusso_runtime::documents::{Documents, Key};
use flusso_runtime::limits;
use flusso_runtime::progress::{Shutdown, Silent};
use flusso_runtime::sink::{Answer, Generation, Sink, WriteBatch, WriteCause};
use flusso_runtime::source::Lease;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::{IndexPlan, OpenSearchPlan};
use flusso_schemas::ownership::{OWNERSHIP_VERSION, Ownership};
use flusso_test_locks as locks;
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::services::opensearch::{Node, http};

use crate::rig::watch;

/// Name of the sink in every test.
pub(super) const SINK: &str = "search";
/// Heap of a node that a test starts, MiB.
pub(super) const HEAP_MEGABYTES: u32 = 512;
/// Variable that names a node which is already there.
const URL_VARIABLE: &str = "FLUSSO_TEST_OPENSEARCH_URL";

/// A node that several tests share, while one of them runs.
static SHARED: Mutex<Weak<OwnNode>> = Mutex::new(Weak::new());

/// A node with its folder.
#[derive(Debug)]
pub(super) struct OwnNode {
    pub(super) node: Node,
    _folder: TempDir,
}

impl OwnNode {
    pub(super) fn start(settings: &[(&str, &str)]) -> Self {
        watch();
        let folder = tempfile::tempdir().expect("a folder");
        let settings: Vec<_> =
            [("discovery.type", "single-node")].into_iter().chain(settings.iter().copied()).collect();
        let node = Node::start_with(Path::new(folder.path()), HEAP_MEGABYTES, &settings).expect("a node");
        Self { node, _folder: folder }
    }
}

/// A sink to a node, and what is to be cleaned up.
pub(super) struct Rig {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) prefix: String,
    /// `127.0.0.1:port` of the node itself.
    pub(super) address: String,
    _node: Option<Arc<OwnNode>>,
}

impl Rig {
    /// A sink to the shared node with the usual limits.
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another plan.
    pub(super) async fn with(change: impl FnOnce(&mut OpenSearchPlan)) -> Self {
        let (address, node) = shared();
        let prefix = prefix();
        let mut plan = plan(&address, &prefix);
        change(&mut plan);
        let sink = connect(&plan).await.expect("a sink");
        Self { sink, prefix, address, _node: node }
    }

    /// A sink to a node of the test's own.
    pub(super) async fn on(node: &OwnNode) -> Self {
        let address = node.node.url.trim_start_matches("http://").to_owned();
        let prefix = prefix();
        let sink = connect(&plan(&address, &prefix)).await.expect("a sink");
        Self { sink, prefix, address, _node: None }
    }

    /// What the node itself says.
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, text) = http::request(method, &self.address, path, &body).expect("the node answers");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Makes the first generation of an index.
    pub(super) async fn generation(&self, index: &IndexPlan) -> Generation {
        let generation = self.named(index, 1);
        self.sink.create_generation(&generation, index, &mark(&generation.name)).await.expect("a generation");
        generation
    }

    pub(super) fn named(&self, index: &IndexPlan, number: u64) -> Generation {
        let name = self.sink.generation_name(SINK, index, number).expect("this sink's own name");
        Generation { sink: SINK.to_owned(), name }
    }

    /// Every index under the prefix.
    pub(super) fn indexes(&self) -> Vec<String> {
        let path =
            format!("/{}*/_settings?filter_path=*.settings.index.uuid&expand_wildcards=all", self.prefix);
        let (_, found) = self.ask("GET", &path, &Value::Null);
        found.as_object().map(|found| found.keys().cloned().collect()).unwrap_or_default()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // A node that a test has ended needs no cleaning.
        let _ = http::request("DELETE", &self.address, &format!("/{}*", self.prefix), "");
    }
}

fn shared() -> (String, Option<Arc<OwnNode>>) {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return (url.trim_start_matches("http://").trim_end_matches('/').to_owned(), None);
    }
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let node = shared.upgrade().unwrap_or_else(|| Arc::new(OwnNode::start(&[])));
    *shared = Arc::downgrade(&node);
    (node.node.url.trim_start_matches("http://").to_owned(), Some(node))
}

/// A prefix that no other test and no other process has.
pub(super) fn prefix() -> String {
    watch();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(super) async fn connect(plan: &OpenSearchPlan) -> Result<Arc<dyn Sink>> {
    flusso_opensearch::sink(SINK, plan, "shop", &options()).await
}

pub(super) fn options() -> RunOptions {
    RunOptions {
        allow_commands: false,
        readers: 1,
        gate_wait: limits::GATE_WAIT,
        slot_wait: limits::SLOT_WAIT,
        progress: Arc::new(Silent),
        shutdown: Shutdown::default(),
    }
}

/// A plan for the node at `host:port`.
pub(super) fn plan(address: &str, prefix: &str) -> OpenSearchPlan {
    locks::opensearch(locks::http_address(address), prefix)
}

/// An index that holds an integer `n` and nothing else.
pub(super) fn index(name: &str) -> IndexPlan {
    let body = json!({
        "settings": { "index": { "number_of_shards": 2, "number_of_replicas": 1 } },
        "mappings": { "dynamic": "strict", "properties": { "n": { "type": "integer" } } },
    });
    index_of(name, body)
}

pub(super) fn index_of(name: &str, body: Value) -> IndexPlan {
    IndexPlan { sinks: vec![SINK.to_owned()], body, ..locks::index(name) }
}

/// The mark of a generation.
pub(super) fn mark(generation: &str) -> Ownership {
    Ownership {
        version: OWNERSHIP_VERSION,
        project: "shop".to_owned(),
        index: "orders".to_owned(),
        generation: generation.to_owned(),
        source: "7/shop".to_owned(),
    }
}

pub(super) fn key(text: impl Into<String>) -> Key {
    Key(vec![text.into()])
}

/// Documents `{"n": <json>}` by id.
pub(super) fn documents(entries: &[(&str, &str)]) -> Documents {
    let mut documents = Documents::default();
    entries.iter().for_each(|(id, n)| documents.push(key(*id), format!("{{\"n\":{n}}}").as_bytes()));
    documents
}

/// A lease that can be lost.
#[derive(Debug, Default)]
pub(super) struct TestLease(pub(super) AtomicBool);

impl Lease for TestLease {
    fn check(&self) -> Result<()> {
        match self.0.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(Error::new(ErrorKind::ConnectionLost, "the slot is lost")),
        }
    }
}

/// A batch with a minute to be written in.
pub(super) fn batch<'a>(
    version: u64,
    documents: &'a Documents,
    deletes: &'a [Key],
    cause: WriteCause,
) -> WriteBatch<'a> {
    WriteBatch {
        version,
        documents: documents.iter().collect(),
        deletes: deletes.iter().collect(),
        cause,
        lease: Arc::new(TestLease::default()),
        deadline: Instant::now() + Duration::from_secs(60),
    }
}

/// Writes a change.
pub(super) async fn write(
    rig: &Rig,
    generation: &Generation,
    version: u64,
    entries: &[(&str, &str)],
    deletes: &[&str],
) -> Vec<Answer> {
    let (documents, deletes) = (documents(entries), deletes.iter().copied().map(key).collect::<Vec<_>>());
    let batch = batch(version, &documents, &deletes, WriteCause::Event);
    rig.sink.write(generation, batch).await.expect("answers")
}
