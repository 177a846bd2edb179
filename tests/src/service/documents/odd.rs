//! Names, keys and values that break a careless writer of SQL or of lines.

use flusso_runtime::ErrorKind;
use flusso_runtime::documents::{Key, Selection};
use flusso_runtime::source::DocumentBuilder as _;
use flusso_schemas::name::TableName;
use serde_json::Value;

use super::rig::{ALL, Rig, key, keys, plan, texts, things};

const ODD: [&str; 3] = [
    "create schema \"Odd \"\" Schema\"",
    "create table \"Odd \"\" Schema\".\"Table.1\" (\"The Part\" text collate \"C\", n int, primary key (\"The Part\", n))",
    r#"insert into "Odd "" Schema"."Table.1" select p, n from unnest(array[
       '', ' ', 'it''s', '\', '\\''', 'a|b', '"', '{rows:t.n}', '$1', '%s', E'two\nlines', 'ä', '{a,b}', 'NULL'
     ]) p, generate_series(-1, 1) n"#,
];

const ROOT: &str = r#"select t."The Part"::text, t.n::text, '{"p":' || to_json(t."The Part") || ',"n":' || t.n || '}'
from "Odd "" Schema"."Table.1" t
where {rows:t."The Part", t.n}"#;

const BOUND: &str = r#"select t."The Part"::text, t.n::text
from "Odd "" Schema"."Table.1" t
where {range:t."The Part", t.n}
order by t."The Part", t.n
offset $1 limit 1"#;

#[track_caller]
fn assert_of(key: &Key, text: &str) {
    let json: Value = serde_json::from_str(text).expect("a document is JSON");
    assert_eq!(json, serde_json::json!({"p": key.0[0], "n": key.0[1].parse::<i32>().expect("a number")}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_composite_key_of_any_text_is_read_by_range_and_by_key() {
    let mut rig = Rig::new();
    rig.run(&ODD);
    let table = TableName::new("Odd \" Schema", "Table.1");
    let index = plan(table, &[("The Part", "text"), ("n", "integer")], ROOT, BOUND);
    let documents = rig.builder().await.documents;
    let mut all: Vec<Key> = Vec::new();
    loop {
        let after = all.last().cloned();
        let up_to = documents.bound(&index, after.as_ref(), 1).await.expect("a bound");
        let built = documents.build(&index, &Selection::Range { after, up_to: up_to.clone() }, &[]).await;
        let built = texts(&built.expect("a chunk of one"));
        built.iter().for_each(|(key, text)| assert_of(key, text));
        let Some(last) = up_to else { break };
        assert_eq!(built.into_keys().collect::<Vec<_>>(), std::slice::from_ref(&last));
        all.push(last);
    }
    assert_eq!(all.len(), 3 * 14);
    let swapped = key(&["-1", "1"]);
    let asked = Selection::Keys([all.as_slice(), std::slice::from_ref(&swapped)].concat());
    let built = documents.build(&index, &asked, &[]).await.expect("documents");
    assert_eq!(built.missing, [swapped]);
    let built = texts(&built);
    built.iter().for_each(|(key, text)| assert_of(key, text));
    all.sort();
    assert_eq!(built.into_keys().collect::<Vec<_>>(), all);
    assert_eq!(documents.keys(&index, &ALL).await.expect("keys").0.len(), 3 * 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_break_in_a_json_column_stays_in_its_document() {
    let mut rig = Rig::new();
    rig.run(&[
        "create schema shop",
        "create table shop.things (id bigint primary key, v json not null)",
        "insert into shop.things values (1, E'{\"a\":\\r\\n{\"delete\":\\n{\"_index\":\"orders\",\"_id\":\"1\"}}\\n,\\t\"b\":1}')",
    ]);
    let documents = rig.builder().await.documents;
    let built =
        documents.build(&things("'{\"v\":' || t.v || '}'"), &keys(&["1"]), &[]).await.expect("a document");
    let wanted = "{\"v\":{\"a\":  {\"delete\": {\"_index\":\"orders\",\"_id\":\"1\"}} ,\t\"b\":1}}";
    assert_eq!(texts(&built)[&key(&["1"])], wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_character_is_refused_and_halving_finds_its_row() {
    let mut rig = Rig::new();
    rig.run(&[
        "create schema shop",
        "create table shop.things (id bigint primary key, v text not null)",
        "insert into shop.things select n, case n when 7 then E'secret\\x01' else 'fine' end from generate_series(1, 9) n",
    ]);
    let documents = rig.builder().await.documents;
    let index = things("'{\"v\":\"' || t.v || '\"}'");
    let many = documents.build(&index, &ALL, &[]).await.expect_err("one of them");
    assert_eq!(many.kind, ErrorKind::TooMuch);
    let one = documents.build(&index, &keys(&["7"]), &[]).await.expect_err("this one");
    assert_eq!(one.kind, ErrorKind::Rejected);
    assert_eq!(
        one.message,
        "document `7` of index `orders` cannot be built: a document contains the control character 0x01"
    );
    assert_eq!(
        documents.build(&index, &keys(&["6", "8"]), &[]).await.expect("the others").documents.len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_query_errors_a_row_that_fails_its_query_is_found_by_halving() {
    let mut rig = Rig::new();
    rig.run(&[
        "create schema shop",
        "create table shop.things (id bigint primary key, v text not null)",
        "insert into shop.things select n, case n when 7 then 'secret' else '5' end from generate_series(1, 9) n",
    ]);
    let documents = rig.builder().await.documents;
    let index = things("'{\"v\":' || (t.v::integer)::text || '}'");
    // All again, after what failed by key was judged.
    for selection in [ALL, keys(&["6", "7"]), ALL] {
        let many = documents.build(&index, &selection, &[]).await.expect_err("one of them");
        assert_eq!(many.kind, ErrorKind::TooMuch);
    }
    let one = documents.build(&index, &keys(&["7"]), &[]).await.expect_err("this one");
    assert_eq!(one.kind, ErrorKind::Rejected);
    assert!(one.message.contains("22P02") && !format!("{one:?}").contains("secret"), "{one:?}");
    assert_eq!(documents.build(&index, &keys(&["6"]), &[]).await.expect("another").documents.len(), 1);
    // A key is found without what fails beside it.
    assert_eq!(documents.keys(&index, &keys(&["7"])).await.expect("keys").0, [key(&["7"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_query_errors_a_query_that_cannot_be_prepared_is_drift() {
    let mut rig = Rig::new();
    rig.run(&[
        "create schema shop",
        "create type shop.mood as enum ('calm', 'cross')",
        "create table shop.things (id bigint primary key, mood shop.mood not null, gone int)",
        "insert into shop.things values (1, 'calm', 1)",
    ]);
    let documents = rig.builder().await.documents;
    let index = things("'{\"calm\":' || (t.mood = 'calm')::text || '}'");
    let gone = things("'{\"gone\":' || t.gone || '}'");
    for selection in [ALL, keys(&["1"])] {
        assert_eq!(documents.build(&index, &selection, &[]).await.expect("a document").documents.len(), 1);
        assert_eq!(documents.build(&gone, &selection, &[]).await.expect("a document").documents.len(), 1);
    }
    rig.run(&["alter type shop.mood rename value 'calm' to 'serene'", "alter table shop.things drop gone"]);
    for (index, selection) in [(&index, ALL), (&index, keys(&["1"])), (&gone, ALL), (&gone, keys(&["1"]))] {
        let error = documents.build(index, &selection, &[]).await.expect_err("the catalog changed");
        assert_eq!(error.kind, ErrorKind::Drift, "{error}");
        assert!(error.help.is_some());
    }
    rig.run(&["alter table shop.things rename to stuff"]);
    let error = documents.build(&things("'{}'"), &ALL, &[]).await.expect_err("no such table");
    assert_eq!(error.kind, ErrorKind::Drift, "{error}");
}
