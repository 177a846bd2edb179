//! The way back that a stop names leads back: what its help says is done word by word, and documents are
//! right again.

use super::bench::{Bench, customer};
use crate::Error;

/// Drives the bench as the help of an error says: only what it names is dropped or deleted.
fn obey(bench: &Bench, error: &Error) {
    let help = error.help.as_deref().expect("every drift names the way back");
    assert!(help.contains("`flusso apply`"), "{help}");
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
    let begins = "check that `$UNUSED` and sink `search` belong together: going on would lead aliases \
                  `customers`, `orders` to this database's rows";
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
