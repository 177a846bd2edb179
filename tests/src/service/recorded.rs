//! The catalogs and answers that tests without a server compile over are those of a real one.
//! `UPDATE=1 cargo test recorded` records them again.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use flusso_compiler::diagnostic::SourceFile;
use flusso_compiler::{parse, resolve};
use flusso_postgres::facts::catalog_facts_of;
use flusso_postgres::probe::probe;
use flusso_schemas::facts::CatalogFacts;
use flusso_schemas::lock::{SecretRef, SourceEndpoint, TlsFiles};
use serde_json::{Value, json};
use xtask::fixtures::{CHINOOK, NORTHWIND, Project, SHAPES, SHOP};

use crate::rig::{PATIENCE, Rig};

/// What another server, or the same one a day later, says otherwise although the tables are the same.
const PASSING: [&str; 2] = ["oid", "rows"];

fn json_of(path: &std::path::Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("it is committed")).expect("JSON")
}

/// The project's files as the compiler reads them.
fn parsed(project: Project) -> flusso_compiler::ParsedProject {
    let file = |path: &str| SourceFile {
        path: path.to_owned(),
        text: fs::read_to_string(project.folder().join(path)).expect("a file of the example"),
    };
    let folder = fs::read_dir(project.folder().join("indexes")).expect("its index files");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    parse(file("flusso.yml"), names.map(|name| file(&format!("indexes/{name}"))).collect())
}

/// Replaces what passes by `null`, so that two recordings can be compared.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(name, entry)| {
                let entry = if PASSING.contains(&name.as_str()) { Value::Null } else { settled(entry) };
                (name.clone(), entry)
            })
            .collect(),
        Value::Array(items) => items.iter().map(settled).collect(),
        plain => plain.clone(),
    }
}

/// Relations and foreign keys: what a server says of itself differs from one to the next.
fn of_tables(facts: &Value) -> Value {
    settled(&json!({ "relations": facts["relations"], "foreign_keys": facts["foreign_keys"] }))
}

async fn is_current(project: Project) {
    let rig = Rig::new(project, 0.001);
    let url = rig.path("url");
    fs::write(&url, rig.database_url()).expect("the folder is ours");
    let parsed = parsed(project);
    let endpoint = SourceEndpoint::Url(SecretRef::File(url));
    let tables = parsed.facts_needed();
    let asked = catalog_facts_of(&endpoint, &TlsFiles::default(), PATIENCE, false, &tables).await;
    let (facts, session) = asked.expect("the server answers");
    let live = serde_json::to_value(&facts).expect("facts are JSON");
    let paths = ["facts.json", "answers.json"].map(|name| project.folder().join(name));
    let answers = answers(&parsed, &facts, &session).await;
    if std::env::var_os("UPDATE").is_some() {
        let mut recorded = json_of(&paths[0]);
        recorded["relations"] = live["relations"].clone();
        recorded["foreign_keys"] = live["foreign_keys"].clone();
        for (path, value) in paths.iter().zip([&recorded, &answers]) {
            fs::write(path, format!("{}\n", serde_json::to_string_pretty(value).expect("JSON")))
                .expect("ours");
        }
    }
    let recorded = json_of(&paths[0]);
    let (live, recorded) = (of_tables(&live), of_tables(&recorded));
    for (table, facts) in live["relations"].as_object().expect("relations by name") {
        assert_eq!(&recorded["relations"][table], facts, "{table}");
    }
    assert_eq!(recorded["foreign_keys"], live["foreign_keys"]);
    let recorded = json_of(&paths[1]);
    for (question, answer) in recorded.as_object().expect("answers by question") {
        assert_eq!(answers.get(question), Some(answer), "{question}");
    }
}

/// The types that the server gives expressions, by question; other questions have answers that tests compute.
async fn answers(
    parsed: &flusso_compiler::ParsedProject,
    facts: &CatalogFacts,
    session: &flusso_postgres::session::Session,
) -> Value {
    let resolved = resolve(parsed, facts);
    let outcomes = probe(session, resolved.probes()).await.expect("the server judges");
    let questions: BTreeMap<usize, &str> =
        resolved.probes().iter().map(|probe| (probe.id, probe.question.sql.as_str())).collect();
    let types = |outcome: &flusso_schemas::facts::ProbeOutcome| {
        let types = outcome.result.as_ref().ok()?.clone();
        Some(((*questions.get(&outcome.id)?).to_owned(), Value::from(types)))
    };
    Value::Object(outcomes.iter().filter_map(types).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_catalogs_and_answers_are_those_of_a_server() {
    for project in [SHOP, CHINOOK, NORTHWIND, SHAPES] {
        tokio::time::timeout(PATIENCE + Duration::from_secs(30), is_current(project)).await.expect("in time");
    }
}
