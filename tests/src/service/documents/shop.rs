//! The example shop through the lock that was written by hand, beside independent SQL.

use std::collections::BTreeMap;

use flusso_runtime::documents::{Built, Key, Selection};
use flusso_runtime::source::{DocumentBuilder as _, ResolveRequest};
use flusso_schemas::lock::IndexPlan;
use serde_json::Value;
use xtask::fixtures::SHOP;

use super::rig::{ALL, Builder, Rig, example, key};

/// 2,000 orders.
const SCALE: f64 = 0.02;

fn shop() -> (Rig, IndexPlan) {
    let mut rig = Rig::new();
    SHOP.load(&mut rig.sql, SCALE).expect("the shop loads");
    rig.run(&["analyze", "set timezone = 'UTC'"]);
    (rig, example().indexes.remove(0))
}

fn truth(rig: &mut Rig) -> BTreeMap<Key, Value> {
    let rows = SHOP.truth(&mut rig.sql, "orders").expect("the truth can be told");
    let pair = |row: &Vec<Option<String>>| {
        let [Some(id), Some(document)] = row.as_slice() else { panic!("a row of id and document") };
        (key(&[id]), serde_json::from_str(document).expect("jsonb prints JSON"))
    };
    rows.iter().map(pair).collect()
}

#[track_caller]
fn collect(built: &Built, into: &mut BTreeMap<Key, Value>) {
    for document in built.documents.iter() {
        assert!(!document.json.contains(&b'\n') && !document.json.contains(&b'\r'), "one line each");
        let json = serde_json::from_slice(document.json).expect("a document is JSON");
        assert!(into.insert(document.key.clone(), json).is_none(), "{:?} twice", document.key);
    }
}

#[track_caller]
fn assert_same(found: &BTreeMap<Key, Value>, wanted: &BTreeMap<Key, Value>) {
    let wrong: Vec<_> =
        wanted.iter().filter(|(key, document)| found.get(key) != Some(document)).take(2).collect();
    assert!(
        wrong.is_empty() && found.len() == wanted.len(),
        "{} of {}: {wrong:#?}",
        found.len(),
        wanted.len()
    );
}

async fn in_chunks(builder: &Builder, index: &IndexPlan, rows: u64) -> BTreeMap<Key, Value> {
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let up_to = builder.documents.bound(index, after.as_ref(), rows).await.expect("a bound");
        let chunk = Selection::Range { after, up_to: up_to.clone() };
        let built = builder.documents.build(index, &chunk, &[]).await.expect("a chunk");
        assert!(up_to.is_none() || built.documents.len() as u64 == rows);
        collect(&built, &mut found);
        match up_to {
            Some(last) => after = Some(last),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_is_right_at_every_chunk_size() {
    let (mut rig, index) = shop();
    let wanted = truth(&mut rig);
    assert_eq!(wanted.len(), 2_000);
    let builder = rig.builder().await;
    for rows in [83, 500, 2_000, 5_000] {
        assert_same(&in_chunks(&builder, &index, rows).await, &wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_is_right_by_key_and_a_key_without_one_is_missing() {
    let (mut rig, index) = shop();
    let wanted = truth(&mut rig);
    let builder = rig.builder().await;
    let all: Vec<Key> = wanted.keys().cloned().collect();
    let absent = key(&["-7"]);
    for size in [1_usize, 40, 700, 3_000] {
        let mut found = BTreeMap::new();
        for some in all.chunks(size).take(60) {
            let asked = Selection::Keys([some, std::slice::from_ref(&absent)].concat());
            let built = builder.documents.build(&index, &asked, &[]).await.expect("documents");
            assert_eq!(built.missing, std::slice::from_ref(&absent));
            collect(&built, &mut found);
        }
        let asked = all.iter().take(60 * size).map(|key| (key.clone(), wanted[key].clone())).collect();
        assert_same(&found, &asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_those_that_have_a_document() {
    let (rig, index) = shop();
    let builder = rig.builder().await;
    let (keys, _) = builder.documents.keys(&index, &ALL).await.expect("keys");
    assert_eq!(keys.len(), 2_000);
    let asked = Selection::Keys(vec![key(&["3"]), key(&["-1"]), key(&["9999999"])]);
    let (keys, snapshot) = builder.documents.keys(&index, &asked).await.expect("keys");
    assert_eq!(keys, [key(&["3"])]);
    assert_eq!(snapshot.file_nodes.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edge_leads_to_the_documents_that_show_its_row() {
    let (mut rig, index) = shop();
    let builder = rig.builder().await;
    let wanted = [
        (
            "shop.categories",
            "select distinct oi.order_id from shop.order_items oi join shop.product_categories pc using (product_id) where pc.category_id in (3, 4) order by 1",
        ),
        (
            "shop.product_categories",
            "select distinct oi.order_id from shop.order_items oi where oi.product_id in (3, 4) order by 1",
        ),
        (
            "shop.products",
            "select distinct oi.order_id from shop.order_items oi where oi.product_id in (3, 4) order by 1",
        ),
        ("shop.users", "select id from shop.orders where user_id in (3, 4) order by 1"),
    ];
    for (table, sql) in wanted {
        let rows = rig.sql.query(sql).expect("the truth");
        let wanted: Vec<Key> = rows.into_iter().map(|row| Key(row.into_iter().flatten().collect())).collect();
        let edge = index.edges.iter().position(|edge| edge.table.to_string() == table).expect("an edge");
        assert!(wanted.len() > 3, "{table} leads somewhere");
        for limit in [2, 1_000] {
            assert_eq!(pages(&builder, &index, edge, limit).await, wanted, "{table} by {limit}");
        }
    }
}

async fn pages(builder: &Builder, index: &IndexPlan, edge: usize, limit: usize) -> Vec<Key> {
    let keys = [key(&["3"]), key(&["4"]), key(&["-4"])];
    let mut found: Vec<Key> = Vec::new();
    loop {
        let request = ResolveRequest { index, edge, keys: &keys, after: found.last(), limit, must_see: &[] };
        let page = builder.documents.resolve(request).await.expect("a page").keys;
        found.extend_from_slice(&page);
        if page.len() < limit {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_has_no_documents_and_no_bound() {
    let (mut rig, index) = shop();
    rig.run(&["truncate shop.orders cascade"]);
    let builder = rig.builder().await;
    assert_eq!(builder.documents.bound(&index, None, 500).await.expect("an answer"), None);
    assert!(builder.documents.build(&index, &ALL, &[]).await.expect("nothing").documents.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_emptied_or_rewritten_since_is_named() {
    let (mut rig, index) = shop();
    let builder = rig.builder().await;
    let built = builder.documents.build(&index, &ALL, &[]).await.expect("documents");
    let before = builder.documents.aftermath(&built.snapshot).await.expect("an answer");
    assert_eq!(before.rewritten, []);
    rig.run(&["truncate shop.product_categories", "vacuum full shop.users", "select pg_sleep(0.1)"]);
    let after = builder.documents.aftermath(&built.snapshot).await.expect("an answer");
    let names: Vec<String> = after.rewritten.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["shop.product_categories", "shop.users"]);
    assert!(after.age > before.age && after.age.as_millis() >= 100 && after.age < built.snapshot.age() * 2);
}
