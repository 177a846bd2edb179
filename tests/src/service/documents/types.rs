//! Every base type of the server in every place that takes a column: a finding, or a lock whose every query
//! prepares and runs over a row of NULLs and an ordinary row.

use flusso_postgres::session::Session;

use super::judged::{judged, run, run_keys};
use super::rig::{Builder, Rig, key};

/// Base types, ranges, an enum, a composite, a domain and arrays, by the names that `format_type` gives them.
const TYPES: &str = "select format_type(t.oid, null) from pg_type t where t.typnamespace = 'pg_catalog'::regnamespace
    and t.typtype in ('b', 'r', 'm') and t.typname !~ '^(_|pg_node_tree|pg_ndistinct|pg_dependencies|pg_mcv_list|pg_brin|pg_ddl)'
    union all select unnest(array['x.label', 'x.mood', 'x.deep', 'x.number[]', 'x.pair', 'x.unequal', 'x.unequal[]', 'x.email', 'x.list', 'x.span', 'integer[]', 'text[]', 'json[]', 'point[]', 'x.label[]',
      'numeric(12,2)', 'character(5)', 'character varying(9)', 'bit(3)', 'timestamp(3) with time zone[]', 'uuid[]'])
    order by 1";

/// Places of a column `v` of a root, and `c.v` of its children.
const PLACES: [&str; 31] = [
    "fields: { v: auto }",
    "fields: { v: keyword }",
    "fields: { v: json }",
    "fields: { v: { belongs_to: c, via: { id: id }, value: v, kind: keyword } }",
    "fields: { v: { has_many: c, via: { t: id }, value: v, kind: keyword } }",
    "fields: { v: { has_many: c, via: { t: id }, value: v, kind: keyword, distinct: true } }",
    "fields: { v: { has_many: c, via: { t: id }, value: v, kind: keyword, distinct: true, limit: 2 } }",
    "fields: { v: { has_many: c, via: { t: id }, value: id, kind: keyword, distinct: true, order_by: [{ v: desc }] } }",
    "fields: { v: { has_many: c, via: { t: id }, value: v, kind: keyword, order_by: [{ v: desc }], limit: 1 } }",
    "fields: { v: { has_one: c, via: { t: id }, order_by: [v], fields: { v: auto } } }",
    "fields: { v: { min: c, of: v, via: { t: id }, kind: keyword } }",
    "fields: { v: { max: c, of: v, via: { t: id } } }",
    "fields: { v: { sum: c, of: v, via: { t: id }, kind: double } }",
    "fields: { v: { avg: c, of: v, via: { t: id } } }",
    "fields: { v: { count: c, of: v, via: { t: id }, distinct: true } }",
    "where: { v: null }\nfields: { id: long }",
    "fields: { v: { has_many: c, via: { v: v }, fields: { id: long } } }",
    "fields: { v: { has_many: c, via: { v: v }, fields: { w: { count: c, via: { v: v } } } } }",
    "where: { v: { between: [A, A] } }\nfields: { id: long }",
    "where: { v: [A, null] }\nfields: { id: long }",
    "where: { v: A }\nfields: { id: long }",
    "where: { v: { ne: A } }\nfields: { id: long }",
    "where: { v: { lt: A } }\nfields: { id: long }",
    "where: { v: { like: A } }\nfields: { id: long }",
    "where: { v: { contains: A } }\nfields: { id: long }",
    "where: { v: { contains: [A] } }\nfields: { id: long }",
    "where: { v: { overlaps: [A] } }\nfields: { id: long }",
    "fields: { v: { count: c, of: v, via: { t: id } } }",
    "fields: { v: { has_many: c, via: { t: id }, order_by: [{ v: { order: desc, nulls: first } }], fields: { id: long } } }",
    "fields: { v: { has_one: c, via: { t: id }, order_by: [id], value: v, kind: keyword } }",
    "fields: { v: { has_many: c, via: { t: id }, value: id, kind: long, distinct: true, limit: 2, order_by: [v] } }",
];

/// Places where `k.v` is the primary key, tried where Postgres takes it for one.
const KEYS: [&str; 4] = [
    "fields: { w: integer }",
    "fields: { w: integer, c: { has_many: c, via: { v: v }, value: id, kind: long } }",
    "fields: { w: integer, c: { count: c, via: { v: v } }, own: { has_many: k, via: { w: w }, fields: { w: integer } } }",
    "key: [v, w]\nfields: { w: integer, c: { max: c, of: id, via: { v: v }, kind: long } }",
];

/// A value of a type, where it has one that is easily written.
fn value(pg_type: &str) -> Option<&'static str> {
    let base = pg_type.trim_end_matches("[]").split('(').next().unwrap_or_default();
    Some(match base {
        _ if pg_type.ends_with("[]") => "{}",
        "bigint" | "integer" | "smallint" | "numeric" | "real" | "double precision" | "oid" | "money"
        | "\"char\"" | "text" | "name" | "character" | "character varying" | "xid" | "cid" | "json"
        | "jsonb" | "xml" => "1",
        "boolean" => "true",
        "bit" => {
            if pg_type == "bit" {
                "1"
            } else {
                "101"
            }
        }
        "bit varying" => "1",
        "bytea" => "\\x01",
        "date" => "2024-01-01",
        "timestamp with time zone" => "2024-01-01 00:00:00+00",
        "timestamp without time zone" => "2024-01-01 00:00:00",
        "timestamp" => "2024-01-01 00:00:00+00",
        "time without time zone" | "time with time zone" => "12:00:00",
        "interval" => "1 day",
        "uuid" => "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "inet" | "cidr" => "10.0.0.1",
        "macaddr" => "08:00:2b:01:02:03",
        "macaddr8" => "08:00:2b:01:02:03:04:05",
        "point" => "(1,1)",
        "x.label" | "x.mood" | "x.deep" => "a",
        "x.email" => "a@b",
        "x.pair" => "(1,b)",
        "x.unequal" => "(1,1)",
        "x.list" => "{}",
        "x.span" => "[1,2)",
        "pg_lsn" => "0/1",
        "int4range" | "int8range" | "numrange" => "[1,2)",
        "daterange" | "tsrange" | "tstzrange" => "[2024-01-01,2024-01-02)",
        "int4multirange" | "int8multirange" | "nummultirange" => "{[1,2)}",
        "tsvector" | "tsquery" => "a",
        _ => return None,
    })
}

/// What is wrong with an index over a column of a type; none where it is right, with whether it has a lock.
async fn wrong(
    session: &Session,
    builder: &Builder,
    pg_type: &str,
    (table, place): (&str, &str),
) -> (bool, Option<String>) {
    let judged = judged(session, &format!("index: t\ntable: {table}\n{place}\n")).await;
    let Some(lock) = &judged.lock else {
        let is_wrong = judged.denied().is_empty() || judged.denied().contains(&"refused-query");
        return (false, is_wrong.then(|| format!("{:?}", judged.words())));
    };
    let navigation = value(pg_type).unwrap_or("1");
    let index = &lock.indexes[0];
    let failed = if table == "k" {
        let parts = index.key.iter().map(|part| if part.column.as_str() == "w" { "1" } else { navigation });
        run_keys(builder, index, &key(&parts.collect::<Vec<_>>()), navigation).await
    } else {
        run(builder, index, navigation).await
    };
    // A way to the root from another column, whose navigation is no value of this type.
    let failed: Vec<String> = failed
        .into_iter()
        .filter(|words| {
            !(words.starts_with("resolve") && (words.contains("22P02") || words.contains("22007")))
        })
        .collect();
    (true, (!failed.is_empty()).then(|| format!("{failed:?}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_in_every_place_is_a_finding_or_a_lock_that_runs() {
    let mut rig = Rig::new();
    rig.run(&[
        "create schema x",
        "create type x.label as enum ('a', 'b')",
        "create type x.pair as (a int, b text)",
        "create type x.unequal as (a int, b json)",
        "create domain x.email as text",
        "create domain x.list as integer[]",
        "create domain x.number as integer",
        "create domain x.shallow as x.label",
        "create domain x.deep as x.shallow",
        "create type x.mood as enum ('a', 'b')",
        "create table x.log (at timestamptz)",
        "create function x.acts(x.mood) returns text volatile language plpgsql as \
         'begin insert into x.log values (now()); return ''other''; end'",
        "create cast (x.mood as text) with function x.acts(x.mood)",
        "create type x.span as range (subtype = float8)",
    ]);
    let types: Vec<String> = rig.sql.query(TYPES).expect(TYPES).into_iter().flatten().flatten().collect();
    assert!(types.len() > 60, "{types:?}");
    let session = rig.pinned_session().await;
    let (mut all_wrong, mut locks, mut findings) = (Vec::new(), 0, 0);
    for pg_type in &types {
        rig.run(&[
            "set client_min_messages = error",
            "drop table if exists x.c, x.t, x.k",
            &format!("create table x.t (id bigint primary key, v {pg_type})"),
            &format!("create table x.c (id bigint primary key, t bigint references x.t, v {pg_type})"),
        ]);
        let ordinary = value(pg_type).map_or("null".to_owned(), |value| format!("'{value}'"));
        for table in ["x.t (id, v)", "x.c (id, v)"] {
            rig.run(&[&format!("insert into {table} values (0, null), (1, {ordinary})")]);
        }
        rig.run(&["update x.c set t = 1", "insert into x.c select 2, 1, v from x.c where id = 1"]);
        if value(pg_type).is_some_and(|value| value.starts_with('{')) && pg_type.ends_with("[]") {
            // Lists of several lengths and dimensions.
            let again = format!(
                "insert into x.c select 3, 1, array_fill(null::{}, array[2, 3])",
                pg_type.trim_end_matches("[]")
            );
            rig.run(&[&again]);
        }
        let create = format!("create table x.k (v {pg_type} primary key, w int not null, unique (v, w))");
        let is_key = rig.sql.query(&create).is_ok();
        if is_key && value(pg_type).is_some() {
            rig.run(&[&format!("insert into x.k values ({ordinary}, 1)")]);
        }
        // A session keeps the statements that it prepared, and a column of their tables changed its type.
        let builder = rig.builder().await;
        let literal =
            value(pg_type).map_or("x".to_owned(), |value| format!("\"{}\"", value.replace('\\', "\\\\")));
        let of_key = KEYS.iter().filter(|_| is_key).map(|place| ("k", *place));
        for (table, place) in PLACES.iter().map(|place| ("t", *place)).chain(of_key) {
            let place = place.replace('A', &literal);
            let (is_lock, wrong) = wrong(&session, &builder, pg_type, (table, &place)).await;
            if is_lock {
                locks += 1
            } else {
                findings += 1
            }
            all_wrong.extend(wrong.map(|words| format!("{pg_type} in {table}, {place}: {words}")));
        }
    }
    assert!(all_wrong.is_empty(), "{} of {}: {all_wrong:#?}", all_wrong.len(), locks + findings);
    assert!(locks > 300 && findings > 200, "{locks} locks, {findings} findings");
}
