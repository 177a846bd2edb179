//! The state's documents: conditional, read back, refused where they are not ours.

use std::collections::BTreeMap;

use flusso_runtime::ErrorKind;
use flusso_runtime::state_store::Revision;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{
    CatalogRecord, GenerationPhase, GenerationState, Picked, ProjectState, STATE_VERSION, SlotPhase,
    TransactionStart,
};
use serde_json::{Value, json};

use super::proxy::Proxy;
use super::rig::{Rig, connect, plan};

fn project() -> ProjectState {
    ProjectState {
        state_version: STATE_VERSION,
        project: "shop".to_owned(),
        system_identifier: "7".to_owned(),
        timeline: 1,
        database: "shop".to_owned(),
        database_oid: 16_384,
        publication_oid: 5,
        slot: "flusso_shop".to_owned(),
        slot_phase: SlotPhase::Creating,
        lock_digest: None,
        confirmed: None,
        picked: Some(Picked { routes: "ba7816bf8f01cfea".to_owned(), since: Lsn(7) }),
        fed: BTreeMap::new(),
        written: Some(TransactionStart { commit: Lsn(9), xid: 7, commit_time_us: -1 }),
        generations: BTreeMap::new(),
        nonce: String::new(),
    }
}

fn generation(name: &str) -> GenerationState {
    GenerationState {
        name: name.to_owned(),
        index: "orders".to_owned(),
        sink: "search".to_owned(),
        plan: "[[index]]".to_owned(),
        plan_version: 1,
        fingerprint: "f".to_owned(),
        edges_fingerprint: "e".to_owned(),
        phase: GenerationPhase::Filling,
        first_position: Lsn(1),
        read_from: None,
        ranges: Vec::new(),
        index_uuid: Some("u".to_owned()),
        history_uuids: Vec::new(),
        settings: BTreeMap::new(),
        catalog: CatalogRecord::default(),
        stale: None,
        nonce: String::new(),
    }
}

#[tokio::test]
async fn a_state_is_read_as_it_was_written() {
    let rig = Rig::start().await;
    let store = rig.sink.state().expect("it keeps a state");
    assert!(store.load().await.expect("read").is_none());
    let first = store.create(&project()).await.expect("made");
    let of_a = store.save_generation(&generation("a"), None).await.expect("made");
    let of_b = store.save_generation(&generation("b"), None).await.expect("made");
    let changed = ProjectState { slot_phase: SlotPhase::Ready, ..project() };
    store.save_project(&changed, first).await.expect("written");
    let live = GenerationState { phase: GenerationPhase::Live, ..generation("a") };
    store.save_generation(&live, Some(of_a)).await.expect("written");
    store.delete_generation("b", of_b).await.expect("removed");
    let state = store.load().await.expect("read").expect("it is there");
    assert_eq!(state.project.value.slot_phase, SlotPhase::Ready);
    assert!(!state.project.value.nonce.is_empty());
    let phases: Vec<_> =
        state.generations.iter().map(|found| (found.value.name.as_str(), found.value.phase)).collect();
    assert_eq!(phases, [("a", GenerationPhase::Live)]);
}

#[tokio::test]
async fn a_second_writer_is_seen_by_the_first() {
    let rig = Rig::start().await;
    let (one, two) = (rig.sink.state().expect("a store"), {
        let sink = connect(&plan(&rig.address, &rig.prefix)).await.expect("a sink");
        sink.state().expect("a store")
    });
    let revision = one.create(&project()).await.expect("made");
    assert_eq!(two.create(&project()).await.expect_err("it is there").kind, ErrorKind::Foreign);
    two.save_project(&project(), revision).await.expect("written");
    let error = one.save_project(&project(), revision).await.expect_err("someone else wrote");
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.message.contains("another runner wrote the state of project `shop`"), "{error}");
    let stale = Revision { sequence: 0, term: 1 };
    two.save_generation(&generation("a"), None).await.expect("made");
    assert_eq!(
        one.save_generation(&generation("a"), None).await.expect_err("it is there").kind,
        ErrorKind::Foreign
    );
    assert_eq!(
        one.delete_generation("a", stale).await.expect_err("another revision").kind,
        ErrorKind::Foreign
    );
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_recognised_by_its_nonce() {
    let rig = Rig::start().await;
    let proxy = Proxy::start(&rig.address).await;
    let sink = connect(&plan(&proxy.address, &rig.prefix)).await.expect("a sink");
    let store = sink.state().expect("a store");
    let revision = store.create(&project()).await.expect("made");
    proxy.lose_answers(1);
    let next = store.save_project(&project(), revision).await.expect("it was ours");
    assert_eq!(next.sequence, revision.sequence + 1, "it was written once");
    proxy.lose_answers(1);
    store.save_generation(&generation("a"), None).await.expect("it was ours");
    store.save_project(&project(), next).await.expect("the revision is the one that is there");
}

#[tokio::test]
async fn a_state_of_another_version_is_refused_by_name() {
    let rig = Rig::start().await;
    let store = rig.sink.state().expect("a store");
    store.create(&project()).await.expect("made");
    let path = format!("/{}flusso-state-shop/_doc/project", rig.prefix);
    rig.ask("PUT", &path, &json!({ "state_version": 99, "what": "ever" }));
    let error = store.load().await.expect_err("another version");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert!(error.message.contains("version 99"), "{error}");
}

#[tokio::test]
async fn a_state_that_was_deleted_is_not_made_again_by_a_write() {
    let rig = Rig::start().await;
    let store = rig.sink.state().expect("a store");
    let revision = store.create(&project()).await.expect("made");
    rig.ask("DELETE", &format!("/{}flusso-state-shop", rig.prefix), &Value::Null);
    let error = store.save_project(&project(), revision).await.expect_err("it is gone");
    assert_eq!(error.kind, ErrorKind::Drift, "{error}");
    assert_eq!(rig.indexes(), Vec::<String>::new());
    assert!(store.load().await.expect("read").is_none());
}
