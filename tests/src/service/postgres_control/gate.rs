//! Rule *gate*: no chunk before every transaction that the stream may have missed has ended.

use std::sync::Arc;

use flusso_runtime::ErrorKind;
use flusso_runtime::source::ChangeCapture as _;

use crate::rig::require_absent_standby;
use crate::service::documents::rig::eventually;

use super::rig::{LONG, Rig, SHORT, plan};

#[tokio::test(flavor = "multi_thread")]
async fn rule_gate_waits_for_a_writer_of_any_database_and_names_it() {
    let mut rig = Rig::start(&[]);
    rig.run(&["create database other"]);
    let mut writer = rig.cluster.connect("other").expect("a connection");
    for statement in ["set application_name = 'slow writer'", "begin", "create table t (id int)"] {
        writer.query(statement).expect(statement);
    }
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let error = capture.gate().await.expect_err("the writer is still there");
    assert_eq!(error.kind, ErrorKind::Busy);
    for words in ["`slow writer`", "`other`", "in a transaction since"] {
        assert!(error.message.contains(words), "{words}: {error}");
    }

    let (capture, heard) = rig.capture(&plan(&[]), LONG).await;
    let capture = Arc::new(capture);
    let passing = tokio::spawn({
        let capture = Arc::clone(&capture);
        async move { capture.gate().await }
    });
    heard.wait_for("`slow writer`").await;
    // A writer that begins after the gate was asked for is seen by the stream: it holds nobody up.
    let mut later = rig.cluster.connect("postgres").expect("a connection");
    for statement in ["begin", "insert into shop.orders values (2, 'paid', 1, null)"] {
        later.query(statement).expect(statement);
    }
    writer.query("commit").expect("it commits");
    passing.await.expect("no panic").expect("the gate is passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_gate_waits_for_a_prepared_transaction() {
    let mut rig = Rig::start(&[("max_prepared_transactions", "2")]);
    rig.run(&["begin", "update shop.orders set total = 2", "prepare transaction 'forgotten'"]);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let error = capture.gate().await.expect_err("it is prepared, not ended");
    assert!(error.message.contains("prepared transaction `forgotten`"), "{error}");
    rig.run(&["rollback prepared 'forgotten'"]);
    capture.gate().await.expect("it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_gate_waits_for_a_commit_that_waits_for_a_standby_and_our_own_commits_do_not() {
    let mut rig = Rig::start(&[]);
    let probe = rig.cluster.connect("postgres").expect("a connection");
    require_absent_standby(&mut rig.sql, probe);
    rig.run(&["set synchronous_commit = local"]);
    let port = rig.cluster.port;
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    // Its commit never returns, so it has a thread of its own until the cluster is gone.
    let committing = std::thread::spawn(move || {
        let address = format!("127.0.0.1:{port}");
        let writer = xtask::services::postgres::Connection::open(&address, "postgres", "postgres");
        let _ = writer.and_then(|mut writer| writer.query("update shop.orders set total = 3"));
    });
    let waits = "select 1 from pg_stat_activity where wait_event = 'SyncRep'";
    eventually("the commit waits", || rig.value(waits).is_some()).await;
    let error = capture.gate().await.expect_err("the commit is not visible yet");
    assert!(error.message.contains("waits for a synchronous standby"), "{error}");
    capture.heartbeat().await.expect("our own commits wait for no standby");
    rig.cluster.kill9();
    committing.join().expect("no panic");
}
