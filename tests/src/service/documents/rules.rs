//! Rule *reading-transaction*, broken on purpose: rewritten tables, commits that are not visible yet,
//! sessions that end.

use std::sync::Arc;

use flusso_postgres::documents::PostgresDocuments;
use flusso_runtime::ErrorKind;
use flusso_runtime::documents::{Built, Selection};
use flusso_runtime::error::Result;
use flusso_runtime::source::DocumentBuilder as _;
use flusso_schemas::lock::IndexPlan;
use tokio::task::JoinHandle;
use xtask::services::postgres::Cluster;

use crate::rig::require_absent_standby;

use super::rig::{ALL, Rig, eventually, key, keys, texts, things};

const THINGS: [&str; 3] = [
    "create schema shop",
    "create table shop.things (id bigint primary key, v int not null)",
    "insert into shop.things select n, 1 from generate_series(1, 100) n",
];
const DOCUMENT: &str = "'{\"v\":' || t.v || '}'";

fn building(
    documents: &Arc<PostgresDocuments>,
    index: &IndexPlan,
    selection: Selection,
    must_see: Vec<u32>,
) -> JoinHandle<Result<Built>> {
    let (documents, index) = (Arc::clone(documents), index.clone());
    tokio::spawn(async move { documents.build(&index, &selection, &must_see).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_reading_transaction_locks_before_it_takes_its_snapshot() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let builder = rig.builder().await;
    let index = things(DOCUMENT);
    // Prepared by now, so that it is the LOCK that waits.
    builder.documents.build(&index, &ALL, &[]).await.expect("documents");
    for round in 0..3 {
        let mut migration = rig.session();
        for statement in ["begin", "alter table shop.things add column x float default random()"] {
            migration.query(statement).expect(statement);
        }
        let building = building(&builder.documents, &index, ALL, Vec::new());
        if round == 0 {
            builder.heard.wait_for("for a lock on one of shop.things").await;
        }
        let waits = "wait_event_type = 'Lock' and query like 'begin %lock table%'";
        eventually("the LOCK waits", || rig.sessions_where(waits) == 1).await;
        migration.query("alter table shop.things drop column x").expect("a rewritten table");
        migration.query("commit").expect("the migration ends");
        let built = building.await.expect("no panic").expect("documents");
        assert_eq!(built.documents.len(), 100, "round {round}: a rewritten table reads as empty");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_reading_transaction_waits_for_a_commit_that_is_not_visible_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster");
    let mut rig = Rig::on(&cluster);
    rig.run(&THINGS);
    let builder = rig.builder().await;
    let index = things(DOCUMENT);
    let probe = rig.session();
    require_absent_standby(&mut rig.sql, probe);

    let mut writer = rig.session();
    for statement in ["begin", "update shop.things set v = 2 where id = 1"] {
        writer.query(statement).expect(statement);
    }
    let xid = writer.query("select pg_current_xact_id()::xid::text").expect("an xid").remove(0).remove(0);
    let xid: u32 = xid.expect("a value").parse().expect("a number");
    // Written and flushed, so that the stream would bring it; not visible to anyone.
    let committing = std::thread::spawn(move || writer.query("commit").map(drop));
    eventually("the commit waits", || {
        rig.value("select 1 from pg_stat_activity where wait_event = 'SyncRep'").is_some()
    })
    .await;
    let unseen = builder.documents.build(&index, &keys(&["1"]), &[]).await.expect("what is visible");
    assert_eq!(texts(&unseen)[&key(&["1"])], "{\"v\":1}");

    let building = building(&builder.documents, &index, keys(&["1"]), vec![xid]);
    builder.heard.wait_for(&format!("for transaction {xid}")).await;
    assert!(!building.is_finished());
    rig.run(&["alter system reset synchronous_standby_names", "select pg_reload_conf()"]);
    let built = building.await.expect("no panic").expect("a document");
    assert_eq!(texts(&built)[&key(&["1"])], "{\"v\":2}");
    committing.join().expect("no panic").expect("it committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_transaction_ends_when_the_run_is_asked_to_stop() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let builder = rig.builder().await;
    let mut writer = rig.session();
    writer.query("begin").expect("a transaction");
    let xid = writer.query("select pg_current_xact_id()::xid::text").expect("an xid").remove(0).remove(0);
    let xid: u32 = xid.expect("a value").parse().expect("a number");
    let building = building(&builder.documents, &things(DOCUMENT), ALL, vec![xid]);
    builder.heard.wait_for(&format!("for transaction {xid}")).await;
    builder.shutdown.request();
    assert_eq!(building.await.expect("no panic").expect_err("stopped").kind, ErrorKind::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_voids_every_other_and_none_comes_back() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let builder = rig.builder().await;
    let index = things(DOCUMENT);
    builder.documents.build(&index, &ALL, &[]).await.expect("documents");
    assert_eq!(rig.sessions_where("true"), 2);
    rig.run(&["select pg_terminate_backend(min(pid)) from pg_stat_activity \
               where datname = current_database() and application_name like '% documents'"]);
    eventually("the loss is noticed", || builder.bond.check().is_err()).await;
    for _ in 0..3 {
        let error = builder.documents.build(&index, &ALL, &[]).await.expect_err("a connection is lost");
        assert_eq!(error.kind, ErrorKind::ConnectionLost);
    }
    eventually("every connection is closed", || rig.sessions_where("true") == 0).await;
}
