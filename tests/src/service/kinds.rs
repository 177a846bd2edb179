//! Every kind's SQL on a real server: nasty values print exactly this JSON.

use std::collections::BTreeMap;

use flusso_compiler::kinds::{self, Rendered};
use flusso_compiler::pg_type::{BaseType, Enums, PgType};
use serde_json::{Value, json};
use xtask::services::postgres::Connection;

use crate::rig::shared_postgres;

/// What the runtime sets in every session of its own.
const SESSION: [&str; 5] = [
    "set timezone = 'UTC'",
    "set datestyle = 'ISO'",
    "set intervalstyle = 'iso_8601'",
    "set extra_float_digits = 1",
    "set bytea_output = 'hex'",
];

/// A kind over a type: values as SQL literals, and the JSON that each prints.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

#[test]
fn text_is_escaped_and_char_n_is_unpadded() {
    prints(&[
        (
            "text",
            "text",
            &[
                ("E'a\\n\\t\"\\\\\\x01'", r#""a\n\t\"\\\u0001""#),
                ("''", r#""""#),
                ("'ä 𝄞'", "\"ä 𝄞\""),
                ("null", "null"),
            ],
        ),
        ("keyword", "character(5)", &[("'ab'", r#""ab""#), ("' a'", r#"" a""#)]),
        ("identifier", "character varying(9)", &[("'A-1'", r#""A-1""#)]),
        ("text", "name", &[("'n'", r#""n""#)]),
        ("keyword", "\"char\"", &[("'c'", r#""c""#)]),
    ]);
}

#[test]
fn numbers_are_what_postgres_prints_and_null_where_json_has_none() {
    prints(&[
        (
            "decimal",
            "numeric(12,2)",
            &[("1.5", "1.50"), ("-0.05", "-0.05"), ("'NaN'", "null"), ("null", "null")],
        ),
        (
            "decimal",
            "numeric",
            &[
                ("1.10", "1.10"),
                ("'NaN'", "null"),
                ("'Infinity'", "null"),
                ("'-Infinity'", "null"),
                ("1e20", "100000000000000000000"),
            ],
        ),
        (
            "double",
            "double precision",
            &[
                ("0.1", "0.1"),
                ("1e300", "1e+300"),
                ("'NaN'", "null"),
                ("'Infinity'", "null"),
                ("'-Infinity'", "null"),
                ("null", "null"),
            ],
        ),
        ("float", "real", &[("1.1", "1.1"), ("'NaN'", "null"), ("1e-5", "1e-05")]),
        ("long", "bigint", &[("9223372036854775807", "9223372036854775807"), ("null", "null")]),
        ("short", "smallint", &[("-32768", "-32768")]),
        ("long", "oid", &[("4294967295", "4294967295")]),
        ("integer", "numeric(9,0)", &[("12", "12"), ("'NaN'", "null")]),
        ("byte", "numeric(2,0)", &[("-7", "-7")]),
    ]);
}

#[test]
fn keywords_over_other_types_are_strings() {
    prints(&[
        ("keyword", "numeric(5,2)", &[("1.5", r#""1.50""#)]),
        ("keyword", "bigint", &[("7", r#""7""#)]),
        ("keyword", "boolean", &[("true", r#""true""#)]),
        ("keyword", "date", &[("'2020-02-29'", r#""2020-02-29""#)]),
        ("keyword", "inet", &[("'10.0.0.1'", r#""10.0.0.1""#), ("'10.0.0.0/8'", r#""10.0.0.0/8""#)]),
        (
            "keyword",
            "uuid",
            &[("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", r#""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#)],
        ),
    ]);
}

#[test]
fn booleans_are_true_and_false() {
    prints(&[("boolean", "boolean", &[("true", "true"), ("false", "false"), ("null", "null")])]);
}

#[test]
fn uuids_are_in_lower_case() {
    let canonical = r#""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#;
    prints(&[("uuid", "uuid", &[("'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'", canonical), ("null", "null")])]);
}

#[test]
fn dates_of_any_year_are_iso_8601() {
    prints(&[
        (
            "date",
            "date",
            &[
                ("'2020-02-29'", r#""2020-02-29""#),
                ("'0001-01-01'", r#""0001-01-01""#),
                ("'9999-12-31'", r#""9999-12-31""#),
                ("'0044-03-15 BC'", r#""-0043-03-15""#),
                ("'0001-12-31 BC'", r#""0000-12-31""#),
                ("'12024-01-01'", r#""+12024-01-01""#),
                ("'294277-01-01'", r#""+294277-01-01""#),
                ("'5874897-12-31'", r#""+5874897-12-31""#),
                ("'4714-11-24 BC'", r#""-4713-11-24""#),
                ("'infinity'", "null"),
                ("'-infinity'", "null"),
                ("null", "null"),
            ],
        ),
        (
            "date",
            "timestamp with time zone",
            &[("'2020-01-01 23:59:59.9+00'", r#""2020-01-01""#), ("'infinity'", "null")],
        ),
        (
            "timestamp",
            "date",
            &[("'2020-02-29'", r#""2020-02-29""#), ("'294277-01-01'", r#""+294277-01-01""#)],
        ),
    ]);
}

#[test]
fn timestamps_have_a_z_where_the_type_has_a_zone() {
    prints(&[
        (
            "timestamp",
            "timestamp with time zone",
            &[
                ("'2020-01-01 12:00:00.123456+02'", r#""2020-01-01T10:00:00.123456Z""#),
                ("'0001-01-01 00:00:00+00'", r#""0001-01-01T00:00:00Z""#),
                ("'0044-03-15 01:02:03.5+00 BC'", r#""-0043-03-15T01:02:03.500000Z""#),
                ("'12024-01-01 00:00:00+00'", r#""+12024-01-01T00:00:00.000000Z""#),
                ("'infinity'", "null"),
                ("'-infinity'", "null"),
                ("null", "null"),
            ],
        ),
        (
            "timestamp",
            "timestamp without time zone",
            &[
                ("'2020-01-01 12:00:00'", r#""2020-01-01T12:00:00""#),
                ("'12024-01-01 00:00:00'", r#""+12024-01-01T00:00:00.000000""#),
                ("'294276-12-31 23:59:59.999999'", r#""+294276-12-31T23:59:59.999999""#),
                ("'4714-11-24 00:00:00 BC'", r#""-4713-11-24T00:00:00.000000""#),
            ],
        ),
    ]);
    let zone = BTreeMap::from([("zone".to_owned(), json!("Europe/Rome"))]);
    prints_with(
        "timestamp",
        "timestamp without time zone",
        &zone,
        &[
            ("'2020-07-01 12:00:00'", r#""2020-07-01T10:00:00Z""#),
            ("'4714-11-24 00:00:00 BC'", "null"),
            ("'4713-01-01 00:00:00 BC'", r#""-4713-12-31T23:10:04.000000Z""#),
            ("'infinity'", "null"),
            ("null", "null"),
        ],
    );
    let west = BTreeMap::from([("zone".to_owned(), json!("America/New_York"))]);
    prints_with(
        "timestamp",
        "timestamp without time zone",
        &west,
        &[("'294276-12-31 23:59:59.999999'", "null"), ("'-infinity'", "null")],
    );
}

#[test]
fn structures_are_printed_as_they_are_stored() {
    prints(&[
        (
            "json",
            "json",
            &[
                (r#"'{"b" : 1, "a":[1.50, "\u00e4"], "b":2}'"#, r#"{"a": [1.50, "ä"], "b": 2}"#),
                ("null", "null"),
                ("'null'", "null"),
            ],
        ),
        ("json", "jsonb", &[(r#"'{"b" : 1,"a":null}'"#, r#"{"a": null, "b": 1}"#), ("'null'", "null")]),
    ]);
}

#[test]
fn a_json_that_jsonb_refuses_stays_as_it_is() {
    let kept = [
        r#"{"a": "\u0000", "b":1}"#,
        r#"{"a": "\uD800", "b":1}"#,
        r#"{"a": "\udfff", "b":1}"#,
        r#"{"a": 1e200000}"#,
        r#"{"a": 1E+131072}"#,
        r#"{"a": 1e-20000}"#,
    ];
    let mut sql = session();
    let rendered = token("json", &pg_type("json"), &BTreeMap::new());
    for text in kept {
        let query = format!("select {rendered} from (select '{text}'::json) v(x)");
        assert_eq!(value(&mut sql, &query), text);
    }
}

#[test]
fn a_json_of_any_size_and_depth_is_printed() {
    let mut sql = session();
    let rendered = token("json", &pg_type("json"), &BTreeMap::new());
    let mut length = |json: &str| {
        let query = format!("select length({rendered}) from (select ({json})::json) v(x)");
        value(&mut sql, &query).parse::<usize>().expect("a length")
    };
    assert_eq!(length("repeat('[', 12000) || repeat(']', 12000)"), 24_000);
    assert_eq!(length("repeat('9', 140000)"), 140_000);
    assert_eq!(length("'0.' || repeat('9', 17000)"), 17_002);
    assert_eq!(length("'0.' || repeat('9', 15990)"), 15_992);
    // Long and flat is no reason to keep what occurs twice.
    assert_eq!(length("'[' || repeat('{\"a\":1,\"a\":2},', 2000) || '1]'"), 2000 * 10 + 3);
}

#[test]
fn a_composite_is_printed_whatever_is_in_it() {
    let mut sql = session();
    sql.query("create type pg_temp.holder as (n numeric, j json)").expect("a type");
    let holder = PgType { base: BaseType::Composite, ..pg_type("pg_temp.holder") };
    let rendered = token("json", &holder, &BTreeMap::new());
    for (row, printed) in [
        (r#"'NaN', '{"a":1,"a":2}'"#, r#"{"j": {"a": 2}, "n": "NaN"}"#),
        (r#"1, '"\u0000"'"#, r#"{"n":1,"j":"\u0000"}"#),
    ] {
        let query = format!("select {rendered} from (select row({row})::pg_temp.holder) v(x)");
        assert_eq!(value(&mut sql, &query), printed);
    }
}

#[test]
fn times_spans_bytes_and_addresses_take_the_form_of_the_index() {
    prints(&[
        (
            "time",
            "time without time zone",
            &[("'09:05'", r#""09:05:00.000000""#), ("'24:00:00'", r#""24:00:00.000000""#), ("null", "null")],
        ),
        (
            "interval",
            "interval",
            &[("'1 month 2 days 03:04:05.678'", r#""P1M2DT3H4M5.678S""#), ("null", "null")],
        ),
        ("binary", "bytea", &[("'\\x00ff'", r#""AP8=""#), ("''", r#""""#), ("null", "null")]),
        ("ip", "inet", &[("'10.0.0.1/8'", r#""10.0.0.1""#), ("'::1'", r#""::1""#), ("null", "null")]),
        ("ip_range", "cidr", &[("'10.0.0.0/8'", r#""10.0.0.0/8""#)]),
        ("ip_range", "inet", &[("'10.0.0.1'", r#""10.0.0.1/32""#)]),
    ]);
    let seconds = BTreeMap::from([("as".to_owned(), json!("seconds"))]);
    prints_with(
        "interval",
        "interval",
        &seconds,
        &[("'1 minute 0.5 seconds'", "60.500000"), ("null", "null")],
    );
}

#[test]
fn a_long_value_of_bytes_has_no_line_break() {
    let mut sql = session();
    let rendered = token("binary", &pg_type("bytea"), &BTreeMap::new());
    let printed =
        value(&mut sql, &format!("select {rendered} from (select decode(repeat('ab', 90), 'hex')) v(x)"));
    assert!(printed.len() > 100 && !printed.contains('\n'), "{printed}");
}

#[test]
fn labels_stand_for_integers() {
    let labels = BTreeMap::from([("labels".to_owned(), json!({ "0": "draft", "1": "it's" }))]);
    prints_with("enum", "integer", &labels, &[("1", r#""it's""#), ("7", r#""7""#), ("null", "null")]);
}

fn pg_type(text: &str) -> PgType {
    PgType::of_text(text, &Enums::new())
}

fn session() -> Connection {
    let mut sql = Connection::open_url(&shared_postgres()).expect("the server takes connections");
    for setting in SESSION {
        sql.query(setting).expect(setting);
    }
    sql
}

fn prints(cases: &[Case<'_>]) {
    for (kind, of, values) in cases {
        prints_with(kind, of, &BTreeMap::new(), values);
    }
}

fn prints_with(kind: &str, of: &str, parameters: &BTreeMap<String, Value>, values: &[(&str, &str)]) {
    let mut sql = session();
    let rendered = token(kind, &pg_type(of), parameters);
    for (literal, wanted) in values {
        let printed = value(&mut sql, &format!("select {rendered} from (select ({literal})::{of}) v(x)"));
        assert_eq!(printed, *wanted, "{kind} over {of} of {literal}");
        serde_json::from_str::<Value>(&printed).expect("it is JSON");
    }
}

/// The token of a value that may be null, joined to other text as in a document.
fn token(kind: &str, of: &PgType, parameters: &BTreeMap<String, Value>) -> String {
    let kind = kinds::find(kind).expect("a kind");
    match kind.render("v.x", of, parameters) {
        Rendered::Plain(sql) | Rendered::Text(sql) => format!("'' || coalesce({sql}::text, 'null')"),
        Rendered::Total(sql) => format!("'' || {sql}"),
    }
}

fn value(sql: &mut Connection, query: &str) -> String {
    let rows = sql.query(query).expect(query);
    rows.into_iter().flatten().flatten().next().expect("one value")
}
