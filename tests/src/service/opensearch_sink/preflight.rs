//! What is found before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flusso_runtime::ErrorKind;
use flusso_schemas::lock::{
    IndexPlan, Lock, SecretRef, SinkKind, SinkPlan, SourceEndpoint, SourcePlan, Template, TlsFiles,
    UrlEndpoint,
};
use flusso_schemas::report::Level;
use serde_json::{Value, json};

use super::proxy::Proxy;
use super::rig::{Rig, SINK, connect, index, index_of, plan, prefix};

fn lock(rig: &Rig, indexes: Vec<IndexPlan>) -> Lock {
    let kind = SinkKind::OpenSearch(Box::new(plan(&rig.address, &rig.prefix)));
    Lock {
        levels: BTreeMap::new(),
        accepted: Vec::new(),
        project: "shop".to_owned(),
        inputs: String::new(),
        source: SourcePlan {
            endpoint: SourceEndpoint::Url(SecretRef::Env("NONE".to_owned())),
            tls: TlsFiles::default(),
            publication: String::new(),
            slot: String::new(),
            manage: BTreeSet::new(),
            server_version_min: Vec::new(),
            settings: BTreeMap::new(),
            statement_timeout_ms: 1_000,
        },
        sinks: vec![SinkPlan { name: SINK.to_owned(), inputs: String::new(), kind }],
        tables: Vec::new(),
        indexes,
    }
}

/// Lint, level and message of every finding.
async fn findings(rig: &Rig, index: IndexPlan) -> Vec<(String, Level, String)> {
    let findings = rig.sink.preflight(&lock(rig, vec![index]), None).await.expect("a preflight");
    findings.into_iter().map(|finding| (finding.lint, finding.level, finding.message)).collect()
}

#[tokio::test]
async fn a_plan_that_fits_has_no_finding_and_changes_nothing() {
    let rig = Rig::start().await;
    assert_eq!(findings(&rig, index("fine")).await, []);
    assert_eq!(rig.indexes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_the_server_refuses_is_named_with_its_innermost_reason() {
    let rig = Rig::start().await;
    let body = json!({ "mappings": { "properties": { "a": { "type": "nope" } } } });
    let found = findings(&rig, index_of("wrong", body.clone())).await;
    assert_eq!(found.len(), 1);
    let (lint, level, message) = &found[0];
    assert_eq!((lint.as_str(), *level), ("body-refused", Level::Deny));
    assert!(message.ends_with("No handler for type [nope] declared on field [a]"), "{message}");
    let plan = plan(&rig.address, &rig.prefix);
    let judged = flusso_opensearch::judge_body(SINK, &plan, false, &body).await.expect("judged");
    assert_eq!(judged.as_deref(), Some("No handler for type [nope] declared on field [a]"));
    let judged = flusso_opensearch::judge_body(SINK, &plan, false, &index("x").body).await.expect("judged");
    assert_eq!(judged, None);
}

/// One index after the other would take a minute for a thousand; all at once would flood the server.
#[tokio::test]
async fn indexes_are_judged_at_once_within_a_bound_and_reported_in_their_order() {
    let rig = Rig::start().await;
    let proxy = Proxy::slow(&rig.address, Duration::from_millis(20)).await;
    let sink = connect(&plan(&proxy.address, &rig.prefix)).await.expect("a sink");
    let body = json!({ "mappings": { "properties": { "a": { "type": "nope" } } } });
    let names: Vec<String> = (0..30).map(|number| format!("i{number:02}")).collect();
    let indexes = names.iter().map(|name| index_of(name, body.clone())).collect();
    let found = sink.preflight(&lock(&rig, indexes), None).await.expect("a preflight");
    let named: Vec<&str> = found.iter().filter_map(|found| found.message.split('`').nth(1)).collect();
    assert_eq!(named, names);
    let at_once = proxy.waiting_max();
    assert!((4..=8).contains(&at_once), "{at_once} requests at once");
}

#[tokio::test]
async fn templates_that_interfere_are_named_with_what_they_add() {
    let rig = Rig::start().await;
    let pattern = format!("{}orders*", rig.prefix);
    let composable = format!("/_index_template/{}new", rig.prefix);
    let template = json!({
        "index_patterns": [pattern],
        "template": {
            "settings": { "default_pipeline": "ghost" },
            "mappings": { "properties": { "n": { "type": "long" }, "extra": { "type": "long" } } },
            "aliases": { "everything": {} },
        },
    });
    rig.ask("PUT", &composable, &template);
    let found = findings(&rig, index("orders")).await;
    rig.ask("DELETE", &composable, &Value::Null);
    let expected = "adds setting `index.default_pipeline` \"ghost\", field `extra`, alias `everything`";
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), ("template-adds-pipeline", Level::Deny));
    assert!(found[0].2.ends_with(expected), "{}", found[0].2);

    let legacy = format!("/_template/{}old", rig.prefix);
    rig.ask(
        "PUT",
        &legacy,
        &json!({ "index_patterns": [pattern], "settings": { "codec": "best_compression" } }),
    );
    let found = findings(&rig, index("orders")).await;
    rig.ask("DELETE", &legacy, &Value::Null);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].2.ends_with("adds setting `index.codec` \"best_compression\""), "{}", found[0].2);
}

#[tokio::test]
async fn a_pipeline_that_is_not_there_and_an_alias_that_is_an_index_are_denied() {
    let rig = Rig::start().await;
    rig.ask("PUT", &format!("/{}both", rig.prefix), &json!({}));
    let body = json!({ "settings": { "default_pipeline": "ghost" }, "mappings": {} });
    let lints: Vec<String> =
        findings(&rig, index_of("both", body)).await.into_iter().map(|found| found.0).collect();
    assert_eq!(lints, ["alias-is-an-index", "default-pipeline-missing"]);
}

#[tokio::test]
async fn an_alias_over_what_is_not_ours_is_denied() {
    let rig = Rig::start().await;
    let alias = format!("{}own", rig.prefix);
    rig.ask("PUT", &format!("/{}foreign", rig.prefix), &json!({ "aliases": { alias: {} } }));
    let found = findings(&rig, index("own")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), ("alias-points-elsewhere", Level::Deny));
}

/// An index named as a generation of `own`, behind its alias, described as `meta` says.
fn generation(rig: &Rig, meta: &Value) -> String {
    let name = format!("{}own-0123abcd-1", rig.prefix);
    let alias = format!("{}own", rig.prefix);
    let body = json!({ "mappings": { "_meta": meta }, "aliases": { alias: {} } });
    assert_eq!(rig.ask("PUT", &format!("/{name}"), &body).0, 200);
    name
}

#[tokio::test]
async fn an_alias_over_another_projects_index_is_denied_by_the_projects_name() {
    let rig = Rig::start().await;
    let name = generation(&rig, &json!({ "flusso": { "version": 1, "project": "other" } }));
    let found = findings(&rig, index("own")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), ("alias-points-elsewhere", Level::Deny));
    let expected = format!("`{name}` of project `other`: apply would take it away");
    assert!(found[0].2.ends_with(&expected), "{}", found[0].2);
}

#[tokio::test]
async fn an_alias_over_an_index_that_another_projects_state_holds_is_denied() {
    let rig = Rig::start().await;
    let name = generation(&rig, &json!({}));
    let document = format!("/{}flusso-state-other/_doc/generation:{name}?refresh=true", rig.prefix);
    assert_eq!(rig.ask("PUT", &document, &json!({})).0, 201);
    let found = findings(&rig, index("own")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].2.contains("of project `other`"), "{}", found[0].2);
    let document = format!("/{}flusso-state-shop/_doc/generation:{name}?refresh=true", rig.prefix);
    assert_eq!(rig.ask("PUT", &document, &json!({})).0, 201);
    assert_eq!(findings(&rig, index("own")).await, [], "our own state holds it");
}

#[tokio::test]
async fn an_alias_over_our_own_index_has_no_finding_even_without_a_state() {
    let rig = Rig::start().await;
    generation(&rig, &json!({ "flusso": { "version": 1, "project": "shop" } }));
    assert_eq!(findings(&rig, index("own")).await, []);
}

#[tokio::test]
async fn a_prefix_that_makes_no_name_is_denied_before_a_server_is_asked() {
    let error = connect(&plan("127.0.0.1:1", "Staging-")).await.expect_err("it has a capital");
    assert_eq!(error.kind, ErrorKind::Findings);
    assert_eq!(error.findings[0].lint, "invalid-index-name");
    let mut unset = plan("127.0.0.1:1", "");
    unset.index_prefix = Template("${FLUSSO_TEST_NO_SUCH_VARIABLE}-".to_owned());
    let error = connect(&unset).await.expect_err("it is not set");
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    let rig = Rig::start().await;
    let found = findings(&rig, index(&"x".repeat(230))).await;
    assert_eq!(found.iter().map(|found| found.0.as_str()).collect::<Vec<_>>(), ["invalid-index-name"]);
}

#[tokio::test]
async fn a_full_disk_stops_by_name_before_and_while_writing() {
    let rig = Rig::start().await;
    let index = index("full");
    let generation = rig.generation(&index).await;
    let path = format!("/{}/_settings", generation.name);
    rig.ask("PUT", &path, &json!({ "index.blocks.read_only_allow_delete": true }));
    let found = findings(&rig, index).await;
    let documents = super::rig::documents(&[("a", "1")]);
    let batch = super::rig::batch(1, &documents, &[], flusso_runtime::sink::WriteCause::Event);
    let error = rig.sink.write(&generation, batch).await.expect_err("it is blocked");
    rig.ask("PUT", &path, &json!({ "index.blocks.read_only_allow_delete": null }));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "index-blocked");
    assert_eq!(error.kind, ErrorKind::Blocked);
    assert!(error.message.contains("flood-stage watermark"), "{error}");
}

#[tokio::test]
async fn an_unset_variable_says_which_sink_cannot_be_reached() {
    let mut plan = plan("127.0.0.1:1", &prefix());
    plan.url = UrlEndpoint::Url(SecretRef::Env("FLUSSO_TEST_NO_SUCH_VARIABLE".to_owned()));
    let error = connect(&plan).await.expect_err("it is not set");
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    let expected = "environment variable `FLUSSO_TEST_NO_SUCH_VARIABLE` is not set, so the sink `search` cannot be reached";
    assert_eq!(error.message, expected);
}
