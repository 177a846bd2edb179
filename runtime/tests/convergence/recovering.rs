//! The way back that a stop names leads back: what its help says is done word by word, and documents are
//! right again.

use std::sync::atomic::Ordering;

use super::bench::{Bench, customer};
use flusso_runtime::Error;

/// Drives the bench as the help of an error says: only what it names is dropped or deleted.
fn obey(bench: &Bench, error: &Error) {
    let help = error.help.as_deref().expect("every drift names the way back");
    let accepts = help.contains("`flusso apply --accept-new-source`");
    assert!(accepts || help.contains("`flusso apply`"), "{help}");
    bench.accept_new_source.store(accepts, Ordering::Relaxed);
    if help.contains(
        "pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'flusso_memory'",
    ) {
        bench.world.with(|inner| inner.slot = None);
    }
    if help.contains("`DELETE /state` in sink `search`") {
        bench.cluster().with(|servers| {
            servers.project = None;
            servers.generations.clear();
        });
    }
}

async fn is_found_and_mended(change: impl Fn(&Bench)) {
    let bench = Bench::applied().await;
    bench.world.commit(vec![customer(1, 50)]);
    change(&bench);
    let error = bench.follow().ended().await.expect("alive").expect_err("run stops");
    obey(&bench, &error);
    bench.apply().await.unwrap_or_else(|after| panic!("{error}: {after} ({:?})", error.help));
    bench.world.commit(vec![customer(2, 60)]);
    let running = bench.follow();
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_help_for_a_slot_leads_back_to_right_documents() {
    is_found_and_mended(|bench| bench.world.with(|inner| inner.slot = None)).await;
    is_found_and_mended(|bench| {
        bench.world.with(|inner| inner.slot.as_mut().expect("a slot").confirmed = inner.insert);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_help_for_the_publication_leads_back_to_right_documents() {
    is_found_and_mended(|bench| bench.world.with(|inner| inner.publication = Some(1))).await;
    is_found_and_mended(|bench| bench.world.with(|inner| inner.publication = None)).await;
}

#[tokio::test(start_paused = true)]
async fn the_help_for_another_cluster_asks_for_the_connection_first() {
    let move_away = |bench: &Bench| bench.world.with(|inner| inner.system_identifier = "8".to_owned());
    let bench = Bench::applied().await;
    move_away(&bench);
    let error = bench.follow().ended().await.expect("alive").expect_err("run stops");
    let help = error.help.expect("it says what to do");
    let begins = "check that `$UNUSED` and sink `search` belong together: continuing would point aliases \
                  `customers`, `orders` at the rows of this database";
    assert!(help.starts_with(begins), "{help}");
    is_found_and_mended(move_away).await;
}

#[tokio::test(start_paused = true)]
async fn the_help_for_one_index_leaves_the_others_alone() {
    let bench = Bench::applied().await;
    let (customers, orders) = (bench.generation("customers").name, bench.generation("orders").name);
    bench.cluster().with(|servers| {
        servers.indexes.get_mut(&customers).expect("it is live").history_uuid = "other".to_owned();
    });
    let error = bench.follow().ended().await.expect("alive").expect_err("run stops");
    obey(&bench, &error);
    bench.apply().await.expect("applied");
    bench.assert_true();
    assert_eq!(bench.generation("orders").name, orders);
    assert_ne!(bench.generation("customers").name, customers);
}

#[tokio::test(start_paused = true)]
async fn the_help_for_another_database_asks_for_the_connection_first() {
    let move_away = |bench: &Bench| bench.world.with(|inner| inner.database = ("staging".to_owned(), 7));
    let bench = Bench::applied().await;
    move_away(&bench);
    for error in [
        bench.follow().ended().await.expect("alive").expect_err("run stops"),
        bench.apply().await.expect_err("apply stops"),
    ] {
        assert!(error.message.contains("was written for database `memory`"), "{error}");
        assert!(error.message.contains("leads to database `staging`"), "{error}");
        let help = error.help.expect("it says what to do");
        let begins = "check that `$UNUSED` names database `memory`: continuing would point aliases `customers`, \
                      `orders` in sink `search` at the rows of database `staging`; only if";
        assert!(help.starts_with(begins), "{help}");
    }
    is_found_and_mended(move_away).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_of_another_name_is_the_same_and_one_created_again_is_not() {
    let bench = Bench::applied().await;
    bench.world.with(|inner| inner.database.0 = "renamed".to_owned());
    bench.world.commit(vec![customer(1, 50)]);
    bench.apply().await.expect("it is the same database");
    bench.catch_up().await;
    bench.assert_true();
    bench.world.with(|inner| (inner.database.0, inner.database.1) = ("memory".to_owned(), 7));
    let error = bench.apply().await.expect_err("another one");
    assert!(error.message.contains("dropped and created again"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_state_does_not_lead_an_alias_to_another_databases_rows() {
    let bench = Bench::applied().await;
    bench.cluster().with(|servers| {
        servers.project = None;
        servers.generations.clear();
    });
    bench.world.with(|inner| {
        inner.database = ("staging".to_owned(), 7);
        inner.slot.as_mut().expect("a slot").elsewhere = Some("memory".to_owned());
        inner.slot.as_mut().expect("a slot").foreign = Some("it belongs to database `memory`".to_owned());
    });
    let error = bench.apply().await.expect_err("the alias is refused");
    let found = &error.findings[0];
    assert!(found.message.contains("built from database `memory`"), "{found:?}");
    let help = found.help.as_deref().unwrap_or_default();
    assert!(help.starts_with("check that `$UNUSED` names database `memory`"), "{help}");
    assert!(help.ends_with("run `flusso apply --accept-new-source`"), "{help}");
    // With the alias accepted, the slot still says whose it is.
    bench.accept_new_source.store(true, Ordering::Relaxed);
    let error = bench.apply().await.expect_err("the slot is refused");
    assert!(error.message.contains("`flusso_memory` belongs to database `memory`"), "{error}");
    let help = error.help.expect("it says what to do");
    assert!(help.starts_with("check that `$UNUSED` names database `memory`"), "{help}");
    bench.world.with(|inner| inner.slot = None);
    bench.apply().await.expect("accepted");
    bench.assert_true();
}
