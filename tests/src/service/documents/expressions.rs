//! Expressions of `sql:` on a real server: what is unstable or acts is refused, what only depends on pinned
//! settings is not; and names and shapes whose queries could not run.

use flusso_runtime::source::DocumentBuilder as _;

use super::judged::{Judged, judged, run};
use super::rig::{ALL, Rig, texts};

const SCHEMA: [&str; 14] = [
    "create schema x",
    "create type x.label as enum ('a', 'b')",
    "create type x.pair as (a int, b text)",
    "create table x.t (id bigint primary key, a int not null, n numeric, s text, d date, ts timestamp, \
     tz timestamptz, iv interval, m money, j jsonb, l x.label, u uuid, p x.pair, r regclass, arr int[])",
    "insert into x.t (id, a) values (0, 1)",
    "create function x.pure(int) returns int immutable language sql return $1 + 1",
    "create function x.reads(int) returns bigint stable language sql return (select count(*) from x.t)",
    "create function x.acts(int) returns int volatile language plpgsql as 'begin return 1; end'",
    "create function x.inlined(int) returns int stable language sql return $1 + 1",
    "create function x.part(x.pair) returns bigint stable language sql return (select count(*) from x.t)",
    "create function x.name(x.label) returns text stable language sql return (select min(s) from x.t)",
    "create cast (x.label as text) with function x.name(x.label)",
    "create table x.plain (id bigint primary key, s text)",
    "create sequence x.numbers",
];

async fn field(rig: &Rig, expression: &str) -> Judged {
    let expression = expression.replace('\\', "\\\\").replace('"', "\\\"");
    judged(
        &rig.pinned_session().await,
        &format!("index: t\ntable: t\nfields:\n  v: {{ kind: keyword, sql: \"({expression})::text\" }}\n"),
    )
    .await
}

async fn lints(rig: &Rig, expressions: &[&str]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for expression in expressions {
        let judged = field(rig, expression).await;
        assert_eq!(judged.lock.is_some(), judged.denied().is_empty(), "{expression}: {:?}", judged.words());
        found.push(((*expression).to_owned(), judged.words()));
    }
    found
}

async fn all_are(rig: &Rig, lint: &str, expressions: &[&str]) {
    let others: Vec<_> = lints(rig, expressions)
        .await
        .into_iter()
        .filter(|(_, words)| !words.iter().any(|each| each.starts_with(lint)))
        .collect();
    assert!(others.is_empty(), "not {lint}: {others:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_reads_the_clock_the_session_or_a_table_is_refused() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    let expressions = [
        "now()",
        "current_date",
        "current_user || s",
        "localtime::text",
        "'now'::timestamptz",
        "'today'::timestamptz",
        "timestamptz 'today'",
        "date 'tomorrow'",
        "'now'::time::text",
        "coalesce(d, 'yesterday')",
        "tz > 'today'",
        "'today'::text::date",
        "lower('NOW')::timestamptz",
        "'[today,tomorrow)'::tstzrange",
        "'{now}'::timestamptz[]",
        "d > '01/02/2024'",
        "age(tz)",
        "age(ts)",
        "current_setting('work_mem')",
        "pg_typeof(a)",
        "to_regclass(s)",
        "r::text || s",
        "s::regclass::text",
        "format_type(23, a)",
        "statement_timestamp()",
        "txid_current()",
        "version()",
        "obj_description(a)",
        "enum_range(l)::text",
        "s @@ s",
        "to_tsvector(s)",
        "x.reads(a)",
        "x.inlined(a)",
        "x.reads(a) + x.pure(a)",
        "l::text || s",
        "ctid",
        "xmin::text",
        "tableoid",
        "cmax",
        "row(xmax)",
    ];
    all_are(&rig, "sql-expression-unstable", &expressions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_may_act_is_refused() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    let expressions = [
        "set_config('work_mem', s, false)",
        "pg_notify(s, s)",
        "pg_advisory_lock(id)",
        "pg_advisory_xact_lock(id)",
        "pg_try_advisory_lock(id)",
        "pg_sleep_for(iv)",
        "pg_sleep(1)",
        "pg_terminate_backend(a)",
        "pg_read_file(s)",
        "lo_get(16)",
        "query_to_xml(s, true, true, s)",
        "nextval('x.numbers')",
        "pg_catalog.nextval(s)",
        "random()",
        "gen_random_uuid()",
        "clock_timestamp()",
        "x.acts(a)",
        "pg_logical_emit_message(true, s, s)",
        "pg_relation_size(a)",
    ];
    all_are(&rig, "sql-side-effect", &expressions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_one_expression_over_one_row_is_refused() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    let expressions = [
        "select 1",
        "(select s from x.plain)",
        "exists (select 1)",
        "array(values (1))",
        "sum(a)",
        "sum(a) over ()",
        "row_number() over ()",
        "generate_series(1, a)",
        "unnest(arr)",
        "jsonb_array_elements(j)",
        "regexp_matches(s, 'a')",
        "$1",
        "a; drop table x.t",
        "a -- rest",
        "a /* rest */",
        "a) or (1 = 1",
        "t.a",
        "(p).part",
        "x.t.a",
        "flusso_rows.a",
        "parents.j",
        "1 / 0",
        "'abc'::int",
        "U&\"\\0061\"",
    ];
    let mut wrong = Vec::new();
    for (expression, words) in lints(&rig, &expressions).await {
        let is_refused = words.iter().any(|each| {
            ["sql-expression-invalid", "unknown-column"].iter().any(|lint| each.starts_with(lint))
        });
        if !is_refused {
            wrong.push((expression, words));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_depends_on_the_row_and_pinned_settings_only_is_allowed() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    let expressions = [
        "a * 2 + id",
        "upper(s) || '!' || a",
        "coalesce(nullif(s, ''), 'none')",
        "case when a > 1 then s else 'x' end",
        "to_char(tz, 'YYYY-MM')",
        "to_char(n, 'FM999D99')",
        "date_trunc('day', tz)",
        "extract(epoch from tz - ts)",
        "tz::date",
        "tz::text",
        "d::text || iv::text",
        "tz + interval '1 day' > ts",
        "tz at time zone 'Europe/Rome'",
        "age(tz, tz)",
        "age(ts, ts)",
        "concat(s, a, tz)",
        "concat_ws('-', s, d)",
        "format('%s-%I', s, a)",
        "quote_literal(a)",
        "to_json(tz)",
        "to_jsonb(d)",
        "jsonb_build_object('a', a, 'tz', tz)",
        "array_to_string(arr, ',')",
        "(j->>'at')::timestamptz",
        "j @> '{\"today\": 1}'",
        "s = 'today'",
        "s like 'now%' or s = 'now'",
        "d > '2024-01-02'",
        "tz > '2024-01-02 12:00+02'",
        "tz > '2024-01-02'",
        "greatest(d, ts, tz)",
        "m::numeric",
        "u::text",
        "x.pure(a)",
        "arr[1] + cardinality(arr)",
        "a in (1, 2) and a between 1 and 3",
        "s ~ '^a' and s not ilike 'B%'",
        "trim(both ' ' from s) || substring(s from 1 for 2)",
        "encode(sha256(convert_to(s, 'UTF8')), 'hex')",
        "regexp_replace(s, 'a', 'b')",
        "interval '1' day + d",
        "(p).a",
        "to_tsvector('english', s)",
        "s collate \"C\" < 'b'",
        "row(a, s)",
    ];
    let refused: Vec<_> = lints(&rig, &expressions)
        .await
        .into_iter()
        .filter(|(_, words)| words.iter().any(|each| each.starts_with("sql-")))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

const SHAPES: [&str; 9] = [
    "create schema x",
    "create table x.t (id bigint primary key, code numeric, year int)",
    "create table x.c (id bigint primary key, code numeric, year int, g text, v int)",
    "create table x.d (id bigint primary key, c_code numeric, c_year int, name text)",
    "create collation x.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "create table x.n (id bigint primary key, s text collate x.blind)",
    "create table x.\"{rows:a}\" (id bigint primary key)",
    "create table x.m (id bigint primary key, \"{rows:a.id}\" text, s text)",
    "insert into x.t values (0, 1.0, 2), (1, null, null)",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_several_columns_two_levels_up_can_run() {
    let mut rig = Rig::new();
    rig.run(&SHAPES);
    rig.run(&["insert into x.c values (1, 1.00, 2, 'g', 1)", "insert into x.d values (1, 1.000, 2, 'n')"]);
    let index = "index: t\ntable: t\nfields:\n  cs:\n    has_many: c\n    via: { code: code, year: year }\n    \
                 fields:\n      ds: { has_many: d, via: { c_code: code, c_year: year }, value: name, kind: keyword }\n      \
                 n: { count: d, via: { c_code: code, c_year: year } }\n";
    let judged = judged(&rig.pinned_session().await, index).await;
    let lock = judged.lock.as_ref().unwrap_or_else(|| panic!("{:?} {:?}", judged.words(), judged.refusals));
    let builder = rig.builder().await;
    assert_eq!(run(&builder, &lock.indexes[0], "1").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_collations_and_catalogs_that_no_query_can_read_are_findings() {
    let mut rig = Rig::new();
    rig.run(&SHAPES);
    for (index, lint) in [
        ("table: n\nwhere: { s: { like: 'a%' } }\nfields: { s: text }", "filter-type-mismatch"),
        ("table: n\nwhere: { s: { ilike: 'a%' } }\nfields: { s: text }", "filter-type-mismatch"),
        ("table: n\nwhere: { s: { starts_with: a } }\nfields: { s: text }", "filter-type-mismatch"),
        ("table: n\nwhere: { sql: \"s like 'a%'\" }\nfields: { s: text }", "sql-expression-invalid"),
        ("table: n\nfields: { s: { kind: text, sql: \"replace(s, 'a', 'b')\" } }", "sql-expression-invalid"),
        ("table: \"{rows:a}\"\nfields: { id: long }", "reserved-name"),
        ("table: m\nfields: { s: text }", "reserved-name"),
        ("table: pg_catalog.pg_class\nkey: oid\nfields: { relname: keyword }", "relation-not-a-table"),
        (
            "table: information_schema.sql_features\nkey: feature_id\nfields: { feature_id: keyword }",
            "relation-not-a-table",
        ),
        (
            "table: t\nfields: { c: { has_many: pg_catalog.pg_class, via: { relpages: year }, value: relname, kind: keyword } }",
            "relation-not-a-table",
        ),
    ] {
        let judged = judged(&rig.pinned_session().await, &format!("index: t\n{index}\n")).await;
        assert!(judged.denied().contains(&lint), "{index}: {:?}", judged.words());
    }
    let allowed =
        "index: t\ntable: n\nwhere: { sql: \"s collate \\\"C\\\" like '{rows%'\" }\nfields: { s: text }\n";
    let judged = judged(&rig.pinned_session().await, allowed).await;
    assert!(judged.lock.is_some(), "{:?}", judged.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cast_that_no_name_says_is_refused_where_it_is_not_immutable() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&[
        "create type x.grade as enum ('1', '2')",
        "create type x.inner as (grade x.grade)",
        "create type x.holder as (grade x.grade, deep x.inner[], n int)",
        "create function x.number(x.grade) returns int stable language sql return (select count(*) from x.t)::int",
        "create cast (x.grade as int) with function x.number(x.grade) as implicit",
        "create function x.graded(int) returns x.grade immutable language sql return '1'::x.grade",
        "alter table x.t add h x.holder",
    ]);
    let unstable = ["(h).grade + 1", "((h).deep)[1].grade + 1", "x.graded(a) + 1"];
    all_are(&rig, "sql-expression-unstable", &unstable).await;
    let stable = ["(h).n + 1", "to_char(tz, 'YYYY') || (p).b", "x.graded(a)::text"];
    let refused: Vec<_> =
        lints(&rig, &stable[..2]).await.into_iter().filter(|(_, words)| !words.is_empty()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    rig.run(&[
        "create function x.spelled(int) returns jsonb stable language sql return to_jsonb(now())",
        "create cast (int as jsonb) with function x.spelled(int)",
    ]);
    all_are(&rig, "sql-expression-unstable", &["to_char(tz, 'YYYY')"]).await;
}

/// Each was an internal error: Postgres makes a text of such a constant where it is selected, and `to_json` of it
/// cannot be prepared.
#[tokio::test(flavor = "multi_thread")]
async fn a_constant_without_a_type_is_a_text() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    let builder = rig.builder().await;
    for (constant, document) in
        [("'x'", "\"x\""), ("('x')", "\"x\""), ("null", "null"), ("$$it's$$", "\"it's\"")]
    {
        for field in [
            format!("v: {{ kind: keyword, sql: \"{constant}\" }}"),
            format!("v: {{ kind: text, sql: \"{constant}\" }}"),
            format!(
                "v: {{ has_many: plain, via: {{ id: id }}, value: {{ sql: \"{constant}\" }}, kind: keyword }}"
            ),
            format!("v: {{ max: plain, via: {{ id: id }}, of: {{ sql: \"{constant}\" }}, kind: keyword }}"),
        ] {
            let judged =
                judged(&rig.pinned_session().await, &format!("index: t\ntable: t\nfields:\n  {field}\n"))
                    .await;
            let lock = judged.lock.as_ref().unwrap_or_else(|| panic!("{field}: {:?}", judged.words()));
            assert_eq!(run(&builder, &lock.indexes[0], "1").await, [""; 0], "{field}");
            if field.contains("has_many") || field.contains("max:") {
                continue;
            }
            let built = builder.documents.build(&lock.indexes[0], &ALL, &[]).await.expect("documents");
            assert_eq!(texts(&built).into_values().collect::<Vec<_>>(), [format!("{{\"v\":{document}}}")]);
        }
    }
}

/// Postgres says so at the first row that matches as far as there, so the index ran until one did.
#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_ends_in_an_escape_is_refused() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    for (condition, lint) in [
        (r"s: { like: 'a\' }", "filter-type-mismatch"),
        (r"s: { ilike: '%\' }", "filter-type-mismatch"),
        (r"l: { like: '\' }", "filter-type-mismatch"),
        (r"any: [{ a: 1 }, { not: { s: { like: 'a\' } } }]", "filter-type-mismatch"),
        (r#"sql: "s like 'a\\'""#, "sql-expression-invalid"),
        (r#"any: [{ a: 1 }, { sql: "s !~~ 'a\\'" }]"#, "sql-expression-invalid"),
    ] {
        let index = format!("index: t\ntable: t\nwhere: {{ {condition} }}\nfields: {{ id: long }}\n");
        let judged = judged(&rig.pinned_session().await, &index).await;
        assert_eq!(judged.denied(), [lint], "{condition}: {:?}", judged.words());
    }
    let escaped = "index: t\ntable: t\nwhere: { s: { like: 'a\\\\' } }\nfields: { id: long }\n";
    let judged = judged(&rig.pinned_session().await, escaped).await;
    assert!(judged.lock.is_some(), "{:?}", judged.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cast_of_another_type_or_to_another_speaks_against_none() {
    let mut rig = Rig::new();
    rig.run(&SCHEMA);
    rig.run(&[
        "create schema other",
        "create type other.grade as enum ('a')",
        "create function other.spelled(other.grade) returns text stable language sql return (select min(s) from x.t)",
        "create cast (other.grade as text) with function other.spelled(other.grade)",
        "create type x.grade as enum ('a', 'b')",
        "create function x.number(x.grade) returns int stable language sql return (select count(*) from x.t)::int",
        "create cast (x.grade as int) with function x.number(x.grade)",
        "alter table x.t add g x.grade",
    ]);
    let refused: Vec<_> =
        lints(&rig, &["g::text"]).await.into_iter().filter(|(_, words)| !words.is_empty()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    all_are(&rig, "sql-expression-unstable", &["g::int", "g::integer + 1", "cast(g as int4)"]).await;
}
