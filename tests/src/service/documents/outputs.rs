//! Values of users' own types: printed by the type itself, whatever casts someone made of it, and compared as
//! Postgres can compare them or refused in words.

use flusso_runtime::source::DocumentBuilder as _;

use super::judged::{judged, run};
use super::rig::{ALL, Builder, Rig};

const SCHEMA: [&str; 15] = [
    "create schema x",
    "create type x.mood as enum ('a', 'b')",
    "create table x.log (at timestamptz)",
    "create function x.acts(x.mood) returns text volatile language plpgsql as \
     'begin insert into x.log values (now()); return ''other''; end'",
    "create cast (x.mood as text) with function x.acts(x.mood)",
    "create function x.as_json(x.mood) returns json stable language sql return (select to_json(count(*)) from x.log)",
    "create cast (x.mood as json) with function x.as_json(x.mood)",
    "create type x.holder as (m x.mood)",
    "create domain x.feeling as x.mood",
    "create domain x.number as int",
    "create type x.pair as (a int, b text)",
    "create type x.span as range (subtype = float8)",
    "create table x.t (id bigint primary key, m x.mood, d x.feeling, ms x.mood[], h x.holder, j json, tags text[], \
     r int4range, sp x.span, p x.pair, xm xml, nums x.number[], ts timestamp, ch \"char\", nm name)",
    "create table x.u (id bigint primary key, t bigint references x.t, n numeric, f float8, i interval, ns numeric[])",
    "insert into x.t (id, m, d, ms, nums) values (1, 'a', 'b', '{a,b}', '{1}')",
];

async fn built(builder: &Builder, lock: &flusso_schemas::lock::Lock) -> String {
    let built = builder.documents.build(&lock.indexes[0], &ALL, &[]).await.expect("documents");
    built.documents.iter().map(|document| String::from_utf8_lossy(document.json).into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_printed_by_its_type_and_no_cast_of_a_user_runs() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&[
        "create table x.k (m x.mood primary key, d x.feeling)",
        "create table x.c (id bigint primary key, m x.mood)",
        "insert into x.k values ('b', 'a')",
        "insert into x.c values (7, 'b')",
    ]);
    for (index, wanted) in [
        ("table: t\nfields: { m: enum, d: keyword, ms: keyword }", r#"{"d":"b","m":"a","ms":["a","b"]}"#),
        (
            "table: t\nwhere: { m: { starts_with: a }, d: { like: 'b%' } }\nfields: { m: keyword }",
            r#"{"m":"a"}"#,
        ),
        (
            "table: k\nfields: { d: enum, c: { has_many: c, via: { m: m }, value: id, kind: long } }",
            r#"{"c":[7],"d":"a"}"#,
        ),
    ] {
        let judged = judged(&rig.pinned_session().await, &format!("index: t\n{index}\n")).await;
        let lock = judged.lock.as_ref().unwrap_or_else(|| panic!("{index}: {:?}", judged.words()));
        assert_eq!(built(&rig.builder().await, lock).await, wanted, "{index}");
    }
    let judged = judged(&rig.pinned_session().await, "index: t\ntable: t\nfields: { h: json }\n").await;
    assert!(judged.denied().contains(&"sql-expression-unstable"), "{:?}", judged.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_equal_values_the_order_of_the_rows_chooses_none() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&[
        "insert into x.u values (1, 1, 1.0, 0, '1 day', '{1.0}'), (2, 1, 1.00, '-0', '24 hours', '{1.00}')",
    ]);
    let of = |name: &str, column: &str, kind: &str| {
        format!(
            "  {name}_max: {{ max: u, of: {column}, via: {{ t: id }}, kind: {kind} }}\n  \
                 {name}_min: {{ min: u, of: {column}, via: {{ t: id }}, kind: {kind} }}\n"
        )
    };
    let fields = of("n", "n", "keyword")
        + &of("f", "f", "double")
        + &of("i", "i", "interval")
        + &of("ns", "ns", "keyword");
    let index = format!("index: t\ntable: t\nfields:\n{fields}");
    let judged = judged(&rig.pinned_session().await, &index).await;
    let lock = judged.lock.as_ref().unwrap_or_else(|| panic!("{:?} {:?}", judged.words(), judged.refusals));
    let builder = rig.builder().await;
    let mut seen = Vec::new();
    for moved in [1, 2, 1] {
        rig.run(&[&format!("update x.u set t = t where id = {moved}")]);
        seen.push(built(&builder, lock).await);
    }
    assert!(seen[0].contains("\"n_max\":\"1.0\"") && seen.iter().all(|each| *each == seen[0]), "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_is_computed_or_refused_in_words() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    for condition in [
        "j: { ne: [null] }",
        "j: [null]",
        "tags: [null]",
        "r: { contains: 5 }",
        "r: { contains: \"[1,2)\" }",
        "sp: { contains: 1.5 }",
        "p: \"(1,b)\"",
        "p: { lt: \"(1,b)\" }",
        "xm: { like: \"<a%\" }",
        "nums: { contains: 1 }",
        "ts: { gte: \"2024-01-01T00:00:00\" }",
        "ch: a",
    ] {
        let index =
            format!("index: t\ntable: t\nwhere: {{ {condition} }}\nfields: {{ id: long, nums: integer }}\n");
        let judged = judged(&rig.pinned_session().await, &index).await;
        let lock = judged
            .lock
            .as_ref()
            .unwrap_or_else(|| panic!("{condition}: {:?} {:?}", judged.words(), judged.refusals));
        assert_eq!(run(&rig.builder().await, &lock.indexes[0], "1").await, [""; 0], "{condition}");
    }
    let long = format!("nm: {}", "n".repeat(70));
    for (condition, words) in [
        ("tags: { gt: a }", "is a list, but this is a single value"),
        ("tags: { ne: a }", "is a list, but this is a single value"),
        ("ts: { gte: \"2024-01-01T00:00:00+05:00\" }", "has an offset, which is dropped"),
        ("ch: ab", "is shorter"),
        (&long, "is shorter"),
        ("d: a", "is `x.feeling`, which has no equality operator"),
    ] {
        let index = format!("index: t\ntable: t\nwhere: {{ {condition} }}\nfields: {{ id: long }}\n");
        let judged = judged(&rig.pinned_session().await, &index).await;
        let said = judged.words();
        assert!(
            said.iter().any(|each| each.starts_with("filter-type-mismatch") && each.contains(words)),
            "{condition}: {said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_begins_to_write_ends_the_reading_for_good() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&["create function x.pure(bigint) returns int immutable language sql return 1"]);
    let index = "index: t\ntable: t\nfields: { v: { kind: integer, sql: \"x.pure(id)\" } }\n";
    let judged = judged(&rig.pinned_session().await, index).await;
    let lock = judged.lock.as_ref().unwrap_or_else(|| panic!("{:?}", judged.words()));
    rig.run(&["create or replace function x.pure(bigint) returns int volatile language plpgsql as \
               'begin insert into x.log values (now()); return 1; end'"]);
    let builder = rig.builder().await;
    let error = builder.documents.build(&lock.indexes[0], &ALL, &[]).await.expect_err("it writes");
    assert_eq!(error.kind, flusso_runtime::error::ErrorKind::Rejected, "{error:?}");
    assert!(error.message.contains("(25006)"), "{error:?}");
}
