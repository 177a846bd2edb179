//! A config through the compiler, with the facts and the judgement of the live server.

use std::path::Path;
use std::time::Duration;

use flusso_compiler::diagnostic::{Diagnostic, SourceFile, Sources};
use flusso_compiler::{judge, levels, lock, parse, resolve};
use flusso_postgres::facts::catalog_facts_of;
use flusso_postgres::probe::{probe, refused_queries};
use flusso_schemas::lock::Lock;
use serde_json::{Value, json};

/// What the compiler makes of an index file: a lock, or the lints that refuse it with their messages.
pub(in crate::service) async fn compiled(
    url: &Path,
    schema: &str,
    index: &Value,
) -> Result<Lock, Vec<(String, String)>> {
    let project = json!({
        "version": 1,
        "project": "differential",
        "source": { "postgres": {
            "url": { "file": url.to_str().expect("a path of ours") },
            "schema": schema,
            "manage": ["publication", "slot", "replica_identity"],
        } },
        "indexes": ["index.yml"],
    });
    let file = |path: &str, text: &Value| SourceFile {
        path: path.to_owned(),
        text: serde_json::to_string_pretty(text).expect("JSON is text"),
    };
    let project = parse(file("flusso.yml", &project), vec![file("index.yml", index)]);
    let Some(connection) = project.connection() else {
        return Err(refusals(&project.files, &flusso_compiler::findings(&project)));
    };
    let timeout = Duration::from_millis(connection.statement_timeout_ms);
    let asked =
        catalog_facts_of(&connection.endpoint, &connection.tls, timeout, false, &project.facts_needed())
            .await;
    let (facts, session) = asked.expect("the server answers");
    let resolved = resolve(&project, &facts);
    let answers = probe(&session, resolved.probes()).await.expect("the server judges");
    let judged = judge(resolved, &answers);
    let refused = match lock(levels(&judged, &[])).lock {
        Some(lock) => refused_queries(&session, &lock).await.expect("the server judges"),
        None => Vec::new(),
    };
    let outcome = lock(levels(&judged, &refused));
    outcome.lock.ok_or_else(|| refusals(&project.files, &outcome.diagnostics))
}

fn refusals(files: &[SourceFile], diagnostics: &[Diagnostic]) -> Vec<(String, String)> {
    let sources = Sources::new(files);
    let denied = diagnostics.iter().filter(|each| each.is_deny());
    denied
        .map(|each| {
            let finding = each.to_finding(&sources);
            let notes: Vec<&str> = finding.notes.iter().map(String::as_str).collect();
            (finding.lint.clone(), [&[finding.message.as_str()], notes.as_slice()].concat().join(" · "))
        })
        .collect()
}
