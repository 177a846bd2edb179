//! Making and dropping the slot beside others that hold it up.

use std::sync::Arc;
use std::time::Duration;

use flusso_runtime::ErrorKind;
use flusso_runtime::source::ChangeCapture as _;

use super::rig::{LONG, NAME, Rig, SHORT, plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_waits_for_running_writers_and_names_them() {
    let mut rig = Rig::start(&[]);
    let mut writer = rig.cluster.connect("postgres").expect("a connection");
    for statement in ["set application_name = 'slow writer'", "begin", "update shop.orders set total = 2"] {
        writer.query(statement).expect(statement);
    }
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let error = capture.create_slot().await.expect_err("the writer is still there");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(error.message.contains("`slow writer`"), "{error}");
    assert_eq!(capture.slot().await.expect("an answer"), None, "a call that was cancelled leaves no slot");

    let (capture, heard) = rig.capture(&plan(&[]), LONG).await;
    let capture = Arc::new(capture);
    let making = tokio::spawn({
        let capture = Arc::clone(&capture);
        async move { capture.create_slot().await }
    });
    heard.wait_for("`slow writer`").await;
    writer.query("commit").expect("it commits");
    let position = making.await.expect("no panic").expect("a slot");
    let slot = capture.slot().await.expect("an answer").expect("a slot");
    assert_eq!((slot.confirmed, slot.lost, slot.active, slot.ours), (Some(position), false, None, Ok(())));
    let confirmed = rig.value("select confirmed_flush_lsn from pg_replication_slots");
    assert_eq!(confirmed, Some(position.to_string()));
    let again = capture.create_slot().await.expect_err("it is there");
    assert_eq!(again.kind, ErrorKind::Drift);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_someone_holds_is_dropped_once_it_is_free() {
    let mut rig = Rig::start(&[]);
    let plan = plan(&[]);
    let (capture, _) = rig.capture(&plan, SHORT).await;
    capture.drop_slot().await.expect("no slot is no error");
    rig.run(&["create publication flusso_rig for all tables"]);
    capture.create_slot().await.expect("a slot");
    let stream = capture.stream(&plan).await.expect("a stream");
    let error = capture.drop_slot().await.expect_err("we hold it ourselves");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(error.message.contains(&format!("slot `{NAME}`, held by process")), "{error}");
    let holder = capture.slot().await.expect("an answer").and_then(|slot| slot.active);
    assert!(holder.is_some_and(|holder| holder.ends_with("(flusso_rig stream)")));
    drop(stream);
    capture.drop_slot().await.expect("it is free now");
    assert_eq!(capture.slot().await.expect("an answer"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_elses_slot_of_our_name_is_told_apart() {
    let mut rig = Rig::start(&[]);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    rig.run(&["select pg_create_logical_replication_slot('flusso_rig', 'test_decoding')"]);
    let slot = capture.slot().await.expect("an answer").expect("a slot");
    assert_eq!(slot.ours, Err("its plugin is `test_decoding`".to_owned()));
    rig.run(&["select pg_drop_replication_slot('flusso_rig')", "create database other"]);
    let mut other = rig.cluster.connect("other").expect("a connection");
    other.query("select pg_create_logical_replication_slot('flusso_rig', 'pgoutput')").expect("a slot");
    let slot = capture.slot().await.expect("an answer").expect("a slot");
    assert_eq!(slot.ours, Err("it belongs to database `other`".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_says_who_it_is_and_where_its_log_ends() {
    let mut rig = Rig::start(&[]);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let identity = capture.identity().await.expect("an identity");
    let system = rig.value("select system_identifier from pg_control_system()");
    assert_eq!(Some(identity.system_identifier), system);
    assert_eq!((identity.timeline, identity.database.as_str()), (1, "postgres"));
    let before = capture.insert_position().await.expect("a position");
    assert!(before >= identity.insert_position);
    capture.heartbeat().await.expect("a heartbeat");
    assert!(capture.durable_position().await.expect("a position") > before, "a heartbeat is flushed");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_walsender_is_enough_and_no_session_ends_for_being_idle() {
    let mut rig = Rig::start(&[("max_wal_senders", "1")]);
    rig.run(&[
        "create role runner superuser login",
        "alter role runner set idle_session_timeout = '500ms'",
        "create publication flusso_rig for all tables",
        "select pg_create_logical_replication_slot('flusso_rig', 'pgoutput')",
    ]);
    let plan = plan(&[]);
    let (capture, _) = rig.capture_as("runner", &plan, SHORT).await;
    let stream = capture.stream(&plan).await.expect("the one walsender");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let identity = capture.identity().await.expect("it needs no walsender, and the session is there");
    assert_eq!(identity.timeline, 1);
    stream.lease().check().expect("the slot is ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_no_source() {
    let mut rig = Rig::start(&[]);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    rig.cluster.stop();
    std::fs::write(rig.cluster.data().join("standby.signal"), "").expect("a file of ours");
    rig.cluster.restart().expect("it starts as a standby");
    assert_eq!(capture.identity().await.expect_err("void").kind, ErrorKind::ConnectionLost);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let error = capture.identity().await.expect_err("it has no log of its own");
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.message.contains("standby"), "{error}");
}
