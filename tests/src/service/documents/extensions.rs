//! Types, functions and operators of extensions that are in a schema of their own.

use flusso_runtime::source::DocumentBuilder as _;
use flusso_schemas::lock::IndexPlan;

use super::judged::{judged, run};
use super::rig::{ALL, Builder, Rig, texts};

const SCHEMA: [&str; 6] = [
    "create schema x",
    "create schema ext",
    "create extension hstore schema ext",
    "create extension citext schema ext",
    "create table x.plain (id bigint primary key, h bigint, s text)",
    "create table x.h (id bigint primary key, attrs ext.hstore, s text)",
];

async fn lock_of(rig: &Rig, index: &str) -> IndexPlan {
    let judged = judged(&rig.pinned_session().await, index).await;
    let words = judged.words();
    judged.lock.unwrap_or_else(|| panic!("{index}: {words:?} {:?}", judged.refusals)).indexes.remove(0)
}

async fn documents(builder: &Builder, index: &IndexPlan) -> Vec<String> {
    let built = builder.documents.build(index, &ALL, &[]).await.expect("documents");
    texts(&built).into_values().collect()
}

/// It was taken by the probe, under the path of all columns, and refused in the query, under that of those read.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_an_extension_whose_type_only_another_column_has_is_found() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&["insert into x.h values (1, 'a=>1', 'v')"]);
    let index = "index: t\ntable: h\nfields:\n  v: { kind: keyword, sql: \"hstore('a', s) -> 'a'\" }\n";
    let plan = lock_of(&rig, index).await;
    let builder = rig.builder().await;
    assert_eq!(run(&builder, &plan, "1").await, [""; 0]);
    assert_eq!(documents(&builder, &plan).await, ["{\"v\":\"v\"}"]);
}

/// It was refused by the probe, under the path of its own table, and would have run.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_an_extension_whose_type_only_another_table_has_is_found() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&["insert into x.h values (1, 'a=>1', 'v')", "insert into x.plain values (1, 1, 'w')"]);
    let field = "  v: { kind: keyword, sql: \"hstore('a', s) -> 'a'\" }\n";
    let alone = format!("index: t\ntable: plain\nfields:\n{field}");
    let judged = judged(&rig.pinned_session().await, &alone).await;
    assert_eq!(judged.denied(), ["sql-expression-invalid"], "{:?}", judged.words());
    let both = format!("{alone}  h: {{ belongs_to: h, via: {{ h: id }}, fields: {{ attrs: json }} }}\n");
    let plan = lock_of(&rig, &both).await;
    let builder = rig.builder().await;
    assert_eq!(run(&builder, &plan, "1").await, [""; 0]);
    assert_eq!(documents(&builder, &plan).await, ["{\"h\":{\"attrs\":{\"a\": \"1\"}},\"v\":\"w\"}"]);
}

/// `citext` compares without case, whatever the operator: `starts_with` does what `like` with a `%` does.
#[tokio::test(flavor = "multi_thread")]
async fn starts_with_over_citext_ignores_case_as_its_like_does() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&[
        "create table x.people (id bigint primary key, name ext.citext, plain text)",
        "insert into x.people values (1, 'Ann', 'Ann'), (2, 'aNNa', 'aNNa'), (3, 'Bann', 'Bann'), (4, null, null), \
         (5, 'ÄRA', 'ÄRA'), (6, 'A%n', 'A%n'), (7, 'ann', 'ann')",
    ]);
    let builder = rig.builder().await;
    for (condition, expected) in [
        ("name: { starts_with: AnN }", "1 2 7"),
        ("name: { like: 'AnN%' }", "1 2 7"),
        ("name: { starts_with: Är }", "5"),
        ("name: { like: 'Är%' }", "5"),
        ("name: { starts_with: 'a%' }", "6"),
        ("name: { starts_with: '' }", "1 2 3 5 6 7"),
        ("not: { name: { starts_with: ANN } }", "3 4 5 6"),
        ("plain: { starts_with: Ann }", "1"),
    ] {
        let index = format!("index: t\ntable: people\nwhere: {{ {condition} }}\nfields: {{ id: long }}\n");
        let plan = lock_of(&rig, &index).await;
        let expected: Vec<String> = expected.split(' ').map(|id| format!("{{\"id\":{id}}}")).collect();
        assert_eq!(documents(&builder, &plan).await, expected, "{condition}");
    }
}
