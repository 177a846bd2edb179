//! Rows that Postgres takes and that a careless query fails on: each is built into a document, from its config on.

use flusso_runtime::documents::{Key, Selection};
use flusso_runtime::source::{DocumentBuilder as _, ResolveRequest};
use flusso_schemas::lock::IndexPlan;
use serde_json::{Value, json};

use super::differential::compile::compiled;
use super::documents::rig::{ALL, Builder, Rig, key, keys, texts};

/// A database with these tables in schema `shop`, and the index over one of them.
async fn world(statements: &[&str], index: &Value) -> (Rig, Builder, IndexPlan) {
    let mut rig = Rig::new();
    rig.run(&["create schema shop", "set search_path = shop, public"]);
    rig.run(statements);
    let mut written = json!({ "version": 1, "index": "documents" });
    let both = written.as_object_mut().expect("a map");
    both.extend(index.as_object().expect("a map").clone());
    let lock = compiled(&rig.url_file(), "shop", &written).await.expect("a lock");
    let builder = rig.builder().await;
    (rig, builder, lock.indexes.into_iter().next().expect("an index"))
}

async fn build(builder: &Builder, index: &IndexPlan, selection: &Selection) -> Vec<(Key, Value)> {
    let built = builder.documents.build(index, selection, &[]).await.expect("documents");
    let parse = |text: &str| serde_json::from_str(text).expect("a document is JSON");
    texts(&built).into_iter().map(|(key, text)| (key, parse(&text))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_beyond_the_range_of_the_key_leads_nowhere() {
    let (_rig, builder, index) = world(
        &[
            "create table a (id smallint primary key)",
            "create table b (id int primary key, a_id bigint not null)",
            "create table c (id int primary key, b_a_id bigint not null)",
            "insert into a values (1), (-32768)",
            "insert into b values (1, 1), (2, 3000000000), (3, -32768)",
            "insert into c values (1, 9223372036854775807), (2, 1)",
        ],
        &json!({
            "table": "a",
            "fields": {
                "id": "short",
                "bs": { "has_many": "b", "via": { "a_id": "id" }, "value": "id", "kind": "integer" },
                "cs": {
                    "has_many": "c", "via": { "b_a_id": "a_id" }, "through": [{ "table": "b", "via": { "a_id": "id" } }],
                    "value": "id", "kind": "integer",
                },
            },
        }),
    )
    .await;
    assert_eq!(index.key[0].pg_type, "bigint");
    // What the stream says of rows whose reference no key can be.
    let asked = keys(&["1", "3000000000", "9223372036854775807", "-32768"]);
    let wanted = [
        (key(&["-32768"]), json!({ "id": -32768, "bs": [3], "cs": [] })),
        (key(&["1"]), json!({ "id": 1, "bs": [1], "cs": [2] })),
    ];
    assert_eq!(build(&builder, &index, &asked).await, wanted);
    let after = Selection::Range { after: Some(key(&["-40000"])), up_to: Some(key(&["3000000000"])) };
    assert_eq!(build(&builder, &index, &after).await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_the_text_that_the_stream_of_changes_prints() {
    let (mut rig, builder, index) = world(
        &[
            "create table a (address inet, shown boolean, primary key (address, shown))",
            "create table b (id int primary key, address inet, shown boolean)",
            "insert into a values ('10.0.0.1', true), ('10.0.0.1/8', false)",
            "insert into b values (1, '10.0.0.1', true)",
        ],
        &json!({
            "table": "a",
            "fields": {
                "address": "keyword",
                "bs": {
                    "has_many": "b", "via": { "address": "address", "shown": "shown" },
                    "value": "id", "kind": "integer",
                },
            },
        }),
    )
    .await;
    let rows = rig.sql.query("select address, shown from shop.a").expect("rows as the server prints them");
    let printed = rows.into_iter().map(|row| Key(row.into_iter().flatten().collect()));
    let built = build(&builder, &index, &Selection::Keys(printed.collect())).await;
    let wanted = [
        (key(&["10.0.0.1", "t"]), json!({ "address": "10.0.0.1", "bs": [1] })),
        (key(&["10.0.0.1/8", "f"]), json!({ "address": "10.0.0.1/8", "bs": [] })),
    ];
    assert_eq!(built, wanted);
    assert_eq!(build(&builder, &index, &ALL).await, wanted);
    let edge = index.edges.iter().position(|edge| edge.resolve.is_some()).expect("the way from `b`");
    let hit = [key(&["10.0.0.1", "t"])];
    let request = ResolveRequest { index: &index, edge, keys: &hit, after: None, limit: 10, must_see: &[] };
    assert_eq!(builder.documents.resolve(request).await.expect("keys").keys, hit);
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_and_averages_never_overflow_and_do_not_depend_on_the_order_of_rows() {
    let (_rig, builder, index) = world(
        &[
            "create table a (id int primary key)",
            "create table b (id int primary key, a_id int references a, d float8, r real, m money, i interval)",
            "insert into a values (1), (2), (3)",
            "insert into b values
               (1, 1, 1e308, 3e38, '92233720368547758.07', '178000000 years'),
               (2, 1, 1e308, 3e38, '92233720368547758.07', '178000000 years'),
               (3, 2, 0.1, 0.1, '1.50', '1 month 12:00'), (4, 2, 0.2, 0.2, '1.25', '1 month 1 day 12:00'),
               (5, 2, 1e16, 1e16, null, null), (6, 2, -1e16, -1e16, null, null),
               (7, 3, null, null, null, '35999999:59:59.999998')",
        ],
        &json!({
            "table": "a",
            "fields": {
                "double": { "sum": "b", "of": "d", "kind": "double" },
                "mean": { "avg": "b", "of": "d" },
                "real": { "sum": "b", "of": "r", "kind": "double" },
                "money": { "sum": "b", "of": "m", "kind": "decimal", "scale": 2 },
                "span": { "sum": "b", "of": "i", "kind": "interval" },
                "mean_span": { "avg": "b", "of": "i", "kind": "interval" },
            },
        }),
    )
    .await;
    let built = build(&builder, &index, &keys(&["2"])).await;
    let wanted = json!({
        "double": 0.3, "mean": 0.075, "real": 0.3, "money": 2.75, "span": "P2M1DT24H", "mean_span": "P1MT24H",
    });
    let shown = |value: &Value, key: &str| value[key].to_string();
    for key in ["double", "real", "money", "span", "mean_span"] {
        assert_eq!(shown(&built[0].1, key), shown(&wanted, key), "{key}");
    }
    assert_eq!(built[0].1["mean"].as_f64(), Some(0.075));
    let nearly = build(&builder, &index, &keys(&["3"])).await;
    assert_eq!(nearly[0].1["span"], "PT35999999H59M59.999998S", "the next hour is not begun");
    let largest = builder.documents.build(&index, &keys(&["1"]), &[]).await.expect("a document");
    let largest = texts(&largest).remove(&key(&["1"])).expect("it is there");
    assert!(largest.contains(&format!("\"double\":2{}", "0".repeat(308))), "{largest}");
    assert!(largest.contains("\"money\":184467440737095516.14,\"real\":6"), "{largest}");
    assert!(largest.contains("\"mean_span\":null") && largest.contains("\"span\":null"), "{largest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_a_collation_takes_for_equal_keep_their_own_group() {
    let (_rig, builder, index) = world(
        &[
            "create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "create table a (id int primary key, code text collate folded not null)",
            "create table b (id int primary key, code text collate folded not null)",
            "insert into a values (1, 'x'), (2, 'X'), (3, 'y')",
            "insert into b values (1, 'X'), (2, 'x'), (3, 'z')",
        ],
        &json!({
            "table": "a",
            "fields": {
                "bs": { "has_many": "b", "via": { "code": "code" }, "value": "id", "kind": "integer" },
                "n": { "count": "b", "via": { "code": "code" } },
            },
        }),
    )
    .await;
    let built: Vec<Value> = build(&builder, &index, &ALL).await.into_iter().map(|(_, json)| json).collect();
    let both = json!({ "bs": [1, 2], "n": 2 });
    assert_eq!(built, [both.clone(), both, json!({ "bs": [], "n": 0 })]);
}
