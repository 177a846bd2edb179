//! A project compiled in the test's own process against a live catalog: its findings, and the lock whose every
//! query the server has prepared.

use flusso_compiler::diagnostic::{Diagnostic, SourceFile};
use flusso_compiler::{judge, levels, lock, parse, resolve};
use flusso_postgres::facts::catalog_facts;
use flusso_postgres::probe::{probe, refused_queries};
use flusso_postgres::session::Session;
use flusso_runtime::documents::{Key, Selection};
use flusso_runtime::source::{DocumentBuilder as _, ResolveRequest};
use flusso_schemas::facts::QueryRefusal;
use flusso_schemas::lock::{IndexPlan, Lock};

use super::rig::{ALL, Builder, key};

const PROJECT: &str = "version: 1
project: judged
source: { postgres: { url: \"${JUDGED_URL}\", schema: x, manage: [publication, slot, replica_identity] } }
sinks: { search: { opensearch: { url: \"${OPENSEARCH_URL}\" } } }
indexes: [indexes/*.yml]
";

/// What compiling an index gives.
pub(super) struct Judged {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) lock: Option<Lock>,
    pub(super) refusals: Vec<QueryRefusal>,
}

/// Compiles one index over the schema `x`.
pub(super) async fn judged(session: &Session, index: &str) -> Judged {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let project =
        parse(file("flusso.yml", PROJECT), vec![file("indexes/t.yml", &format!("version: 1\n{index}"))]);
    let facts = catalog_facts(session, &project.facts_needed()).await.expect("facts");
    let resolved = resolve(&project, &facts);
    let answers = probe(session, resolved.probes()).await.expect("answers");
    let judged = judge(resolved, &answers);
    let refusals = match lock(levels(&judged, &[])).lock {
        Some(lock) => refused_queries(session, &lock).await.expect("prepared"),
        None => Vec::new(),
    };
    let outcome = lock(levels(&judged, &refusals));
    Judged { diagnostics: outcome.diagnostics, lock: outcome.lock, refusals }
}

impl Judged {
    /// Names of the lints at deny.
    pub(super) fn denied(&self) -> Vec<&str> {
        self.diagnostics.iter().filter(|each| each.is_deny()).map(|each| each.lint.name).collect()
    }

    /// What was found, for a failing test.
    pub(super) fn words(&self) -> Vec<String> {
        let words = |each: &Diagnostic| format!("{}: {} {:?}", each.lint, each.message, each.notes);
        self.diagnostics.iter().map(words).collect()
    }
}

/// Runs every query of an index: documents by range and by key, its bound, and each edge's way to the root.
/// What fails, in words.
pub(super) async fn run(builder: &Builder, index: &IndexPlan, navigation: &str) -> Vec<String> {
    run_keys(builder, index, &key(&["1"]), navigation).await
}

/// The same with a key of the index.
pub(super) async fn run_keys(
    builder: &Builder,
    index: &IndexPlan,
    of_index: &Key,
    navigation: &str,
) -> Vec<String> {
    let documents = &builder.documents;
    let mut failed = Vec::new();
    let mut note = |what: &str, result: Result<(), flusso_runtime::Error>| {
        failed.extend(result.err().map(|error| format!("{what}: {error:?}")));
    };
    note("all", documents.build(index, &ALL, &[]).await.map(|_| ()));
    note("one", documents.build(index, &Selection::Keys(vec![of_index.clone()]), &[]).await.map(|_| ()));
    note("bound", documents.bound(index, Some(of_index), 1).await.map(|_| ()));
    for (edge, plan) in index.edges.iter().enumerate().filter(|(_, edge)| edge.resolve.is_some()) {
        let parts = vec![navigation; plan.navigation.len()];
        let keys = [key(&parts)];
        let request = ResolveRequest { index, edge, keys: &keys, after: None, limit: 10, must_see: &[] };
        note("resolve", documents.resolve(request).await.map(|_| ()));
    }
    failed
}
