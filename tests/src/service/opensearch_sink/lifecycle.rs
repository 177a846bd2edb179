//! Generations from creation to swap.

use flusso_runtime::{AliasState, ErrorKind};
use flusso_schemas::lock::{IndexPlan, Template};
use serde_json::{Value, json};

use super::rig::{Rig, SINK, index, index_of, mark, write};

fn settings(rig: &Rig, name: &str) -> Value {
    let (_, found) = rig.ask("GET", &format!("/{name}/_settings?flat_settings=true"), &Value::Null);
    found[name]["settings"].clone()
}

#[tokio::test]
async fn a_generation_is_filled_in_haste_and_ends_with_its_own_settings() {
    let rig = Rig::with(|plan| {
        plan.index_settings.insert("number_of_replicas".to_owned(), Template("${NO_SUCH:-2}".to_owned()));
        // A static one is refused in place even with the value that it has.
        plan.index_settings.insert("codec".to_owned(), Template("best_compression".to_owned()));
        plan.index_settings.insert("refresh_interval".to_owned(), Template("5s".to_owned()));
    })
    .await;
    let index = index("f");
    let generation = rig.generation(&index).await;
    let filling = settings(&rig, &generation.name);
    let of = |settings: &Value, name: &str| settings[name].as_str().unwrap_or("none").to_owned();
    let names =
        ["index.refresh_interval", "index.number_of_replicas", "index.gc_deletes", "index.number_of_shards"];
    assert_eq!(names.map(|name| of(&filling, name)), ["-1", "0", "2m", "2"]);
    let said = rig.sink.finish_generation(&generation, &index).await.expect("finished");
    let ended = settings(&rig, &generation.name);
    assert_eq!(names.map(|name| of(&ended, name)), ["5s", "2", "2m", "2"]);
    let said = said.expect("one node has no room for replicas");
    assert!(said.contains("0 of 2 replicas"), "{said}");
}

#[tokio::test]
async fn settings_that_are_not_ours_end_as_the_servers_own() {
    let rig = Rig::start().await;
    let index = index_of("u", json!({ "settings": { "number_of_shards": 1 }, "mappings": {} }));
    let generation = rig.generation(&index).await;
    rig.sink.finish_generation(&generation, &index).await.expect("finished");
    let ended = settings(&rig, &generation.name);
    assert!(ended.get("index.refresh_interval").is_none());
    assert_eq!(ended["index.number_of_replicas"], "1");
}

#[tokio::test]
async fn a_generation_is_known_by_its_number_and_identity() {
    let rig = Rig::start().await;
    let (index, other) = (index("orders"), index("orders-old"));
    assert_eq!(rig.sink.newest_generation(SINK, &index).await.expect("read"), 0);
    let generation = rig.generation(&index).await;
    rig.generation(&other).await;
    let ninth = rig.named(&index, 9);
    let made = rig.sink.create_generation(&ninth, &index, &mark(&ninth.name)).await.expect("made");
    assert_eq!(made.history_uuids.len(), 2);
    assert_eq!(rig.sink.newest_generation(SINK, &index).await.expect("read"), 9);
    assert_eq!(rig.sink.identity(&ninth).await.expect("read"), Some(made.clone()));
    assert_ne!(rig.sink.identity(&generation).await.expect("read"), Some(made));
    let again = rig.sink.create_generation(&ninth, &index, &mark(&ninth.name)).await;
    let error = again.expect_err("a number is never used twice");
    assert_eq!(error.kind, ErrorKind::Drift);
}

#[tokio::test]
async fn marks_change_with_nothing_but_a_lost_shard_and_watch_gc_deletes() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("m")).await;
    let before = rig.sink.shard_marks(&generation).await.expect("read");
    assert_eq!(before.0.len(), 2);
    write(&rig, &generation, 1, &[("a", "1")], &["b"]).await;
    assert_eq!(rig.sink.shard_marks(&generation).await.expect("read"), before);
    rig.ask("POST", &format!("/{}/_close", generation.name), &Value::Null);
    rig.ask("POST", &format!("/{}/_open", generation.name), &Value::Null);
    assert_ne!(rig.sink.shard_marks(&generation).await.expect("read"), before);
    rig.ask("PUT", &format!("/{}/_settings", generation.name), &json!({ "index.gc_deletes": "60s" }));
    let error = rig.sink.shard_marks(&generation).await.expect_err("not what versions rely on");
    assert_eq!(error.kind, ErrorKind::Drift, "{error}");
}

#[tokio::test]
async fn the_alias_points_to_one_generation_at_any_moment() {
    let rig = Rig::start().await;
    let index = index("a");
    assert_eq!(targets(&rig, &index).await, Vec::<String>::new());
    let first = rig.generation(&index).await;
    let second = rig.named(&index, 2);
    rig.sink.create_generation(&second, &index, &mark(&second.name)).await.expect("made");
    rig.sink.swap(&first, &index, &[]).await.expect("swapped");
    let alias = format!("{}a", rig.prefix);
    let watched = (rig.address.clone(), alias.clone());
    let watcher = tokio::task::spawn_blocking(move || watch(&watched.0, &watched.1));
    for generation in [&second, &first].into_iter().cycle().take(10) {
        let from = [first.name.clone(), second.name.clone()];
        rig.sink.swap(generation, &index, &from).await.expect("swapped");
        assert_eq!(targets(&rig, &index).await, std::slice::from_ref(&generation.name));
    }
    assert_eq!(watcher.await.expect("it watched"), Vec::<String>::new());
    let error = rig.sink.drop_generation(&first).await.expect_err("the alias points to it");
    assert_eq!(error.kind, ErrorKind::Drift);
    rig.sink.drop_generation(&second).await.expect("nothing points to it");
}

async fn targets(rig: &Rig, index: &IndexPlan) -> Vec<String> {
    match rig.sink.alias(SINK, index).await.expect("read") {
        AliasState::Targets(targets) => targets.into_iter().map(|target| target.name).collect(),
        AliasState::Index => panic!("it is an alias"),
    }
}

#[tokio::test]
async fn an_alias_that_someone_else_moved_stays_where_it_is() {
    let rig = Rig::start().await;
    let index = index("moved");
    let generation = rig.generation(&index).await;
    let alias = format!("{}moved", rig.prefix);
    let foreign = format!("{}foreign", rig.prefix);
    rig.ask("PUT", &format!("/{foreign}"), &json!({ "aliases": { alias: {} } }));
    let error = rig.sink.swap(&generation, &index, &[]).await.expect_err("it is not ours to move");
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.message.contains(&foreign), "{error}");
    assert_eq!(targets(&rig, &index).await, [foreign]);
}

#[tokio::test]
async fn a_generation_keeps_its_own_meta_beside_the_mark_of_its_maker_and_gets_both_back() {
    let rig = Rig::start().await;
    let body = json!({ "mappings": { "_meta": { "team": "search" } } });
    let index = index_of("orders", body);
    let generation = rig.generation(&index).await;
    let name = &generation.name;
    let before = rig.sink.belongings(&generation).await.expect("read").expect("it is there");
    assert_eq!(before.ownership, Some(mark(name)));
    assert!(before.has_write_alias && before.aliases.is_empty(), "{before:?}");
    rig.ask("PUT", &format!("/{name}/_mapping"), &json!({ "_meta": { "team": "search" } }));
    rig.ask("DELETE", &format!("/{name}/_alias/{name}-W"), &Value::Null);
    let removed = rig.sink.belongings(&generation).await.expect("read").expect("it is there");
    assert_eq!((removed.ownership, removed.has_write_alias), (None, false));
    rig.sink.restore_belongings(&generation, &mark(name)).await.expect("put back");
    assert_eq!(rig.sink.belongings(&generation).await.expect("read"), Some(before));
    let (_, mapping) = rig.ask("GET", &format!("/{name}/_mapping"), &Value::Null);
    assert_eq!(mapping[name]["mappings"]["_meta"]["team"], "search");
    let gone = rig.named(&index, 7);
    assert_eq!(rig.sink.belongings(&gone).await.expect("read"), None);
}

/// What was wrong with the alias in any of many looks.
fn watch(address: &str, alias: &str) -> Vec<String> {
    let path = format!("/_alias/{alias}");
    let look = || xtask::services::opensearch::http::get(address, &path).expect("the node answers");
    let targets = |(status, text): (u16, String)| {
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        (status, found.as_object().map_or(0, serde_json::Map::len))
    };
    (0..200)
        .map(|_| targets(look()))
        .filter(|seen| *seen != (200, 1))
        .map(|seen| format!("{seen:?}"))
        .collect()
}

#[tokio::test]
async fn an_index_with_the_alias_name_is_a_finding_and_stays() {
    let rig = Rig::start().await;
    let index = index("taken");
    let generation = rig.generation(&index).await;
    let taken = format!("{}taken", rig.prefix);
    rig.ask("PUT", &format!("/{taken}"), &json!({}));
    let error = rig.sink.swap(&generation, &index, &[]).await.expect_err("it is an index");
    assert_eq!((error.kind, error.findings[0].lint.as_str()), (ErrorKind::Findings, "alias-is-an-index"));
    assert!(rig.indexes().contains(&taken));
}
