//! What one reading transaction may take: bytes, time, and nothing once nobody waits for it.

use std::time::{Duration, Instant};

use flusso_runtime::ErrorKind;
use flusso_runtime::limits::READING_TRANSACTION;
use flusso_runtime::source::DocumentBuilder as _;

use super::rig::{ALL, Rig, eventually, keys, node, things};

const THINGS: [&str; 3] = [
    "create schema shop",
    "create table shop.things (id bigint primary key, bytes int not null)",
    "insert into shop.things select n, 3000000 from generate_series(1, 9) n union all select 10, 9000000",
];

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bytes_are_asked_for_in_smaller_parts_and_one_large_document_is_rejected() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let documents = rig.builder().await.documents;
    let index = things("'{\"v\":\"' || repeat('x', t.bytes) || '\"}'");
    for selection in [ALL, keys(&["1", "2", "3", "4", "5", "6"]), keys(&["1", "10"])] {
        let error = documents.build(&index, &selection, &[]).await.expect_err("over the bound");
        assert_eq!(error.kind, ErrorKind::TooMuch);
    }
    let error = documents.build(&index, &keys(&["10"]), &[]).await.expect_err("one large document");
    assert_eq!(error.kind, ErrorKind::Rejected);
    // The connections that were cut short serve on.
    for _ in 0..4 {
        let built = documents.build(&index, &keys(&["1", "2", "3"]), &[]).await.expect("within the bounds");
        assert_eq!(built.documents.bytes(), 3 * (3_000_000 + "{\"v\":\"\"}".len()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_reading_transaction_is_bounded_as_a_whole() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let documents = rig.builder().await.documents;
    let mut index = things("'{}'");
    // Each statement is well within the bound.
    let slow = "select t.id::text, pg_sleep(4)::text || '1' from shop.things t where {rows:t.id}";
    for number in 0..4 {
        index.nodes.insert(0, node(&format!("slow{number}"), slow));
    }
    let began = Instant::now();
    let error = documents.build(&index, &keys(&["1"]), &[]).await.expect_err("16 s of work");
    assert_eq!(error.kind, ErrorKind::TooMuch);
    assert!(began.elapsed() < READING_TRANSACTION + Duration::from_secs(4), "{:?}", began.elapsed());
    let mut migration = rig.session();
    migration.query("set lock_timeout = '2s'").expect("a setting");
    migration.query("alter table shop.things add x int").expect("nobody holds the table any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_nobody_waits_for_ends_by_itself() {
    let mut rig = Rig::new();
    rig.run(&THINGS);
    let documents = rig.builder().await.documents;
    let slow = things("pg_sleep(1)::text || '{}'");
    let asked = keys(&["1"]);
    let abandoned = documents.build(&slow, &asked, &[]);
    tokio::time::timeout(Duration::from_millis(300), abandoned).await.expect_err("it sleeps for longer");
    assert_eq!(rig.sessions_where("state = 'active'"), 1, "it was under way");
    eventually("no transaction is left", || rig.sessions_where("state = 'idle'") == 2).await;
    assert_eq!(documents.build(&things("'{}'"), &asked, &[]).await.expect("a document").documents.len(), 1);
}
