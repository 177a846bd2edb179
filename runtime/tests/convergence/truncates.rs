//! Rule *truncate*: emptied tables make every document suspect until it was built again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bench::{Bench, customer, order};
use crate::memory::{Call, Change, Process, Table};

#[tokio::test(start_paused = true)]
async fn truncate_of_a_root_or_a_child_is_followed() {
    for table in Table::ALL {
        let bench = Bench::applied().await;
        bench.world.commit(vec![customer(8, 1), Change::Truncate(table), order(80, 1, 1), customer(9, 1)]);
        bench.catch_up().await;
        bench.assert_true();
    }
}

#[tokio::test(start_paused = true)]
async fn truncate_closes_its_batch_so_that_two_in_a_row_are_both_followed() {
    let bench = Bench::applied().await;
    bench.world.commit(vec![Change::Truncate(Table::Customers), Change::Truncate(Table::Notes)]);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn truncate_is_sent_again_until_every_document_was_built_again() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    running.process.kill_at(Call::Ids, 2, || {});
    let commit = bench.world.with(|inner| inner.insert);
    bench.world.commit(vec![Change::Truncate(Table::Customers)]);
    assert!(running.ended().await.is_none());
    assert!(bench.slot_position() <= commit, "the source keeps what was not built");
    bench.cluster().crash();
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn truncate_while_a_chunk_is_in_flight_lets_the_chunk_be_built_again_by_key() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let released = Arc::new(AtomicBool::new(false));
    let is_released = released.clone();
    process.hold_at(Call::Write, 1, move || is_released.load(Ordering::SeqCst));
    let world = bench.world.clone();
    process.at(Call::BuildDone, 1, move || {
        world.commit(vec![Change::Truncate(Table::Customers)]);
        Ok(())
    });
    let between = async {
        bench.until(|| process.count(Call::Confirm) > 0).await;
        released.store(true, Ordering::SeqCst);
    };
    let (applied, ()) = tokio::join!(bench.apply_in(&process), between);
    assert_eq!(applied.expect("alive").expect("applied").repaired, 0);
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn truncate_is_listed_only_once_it_is_visible() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let released = Arc::new(AtomicBool::new(false));
    let is_released = released.clone();
    process.hold_at(Call::Write, 1, move || is_released.load(Ordering::SeqCst));
    let world = bench.world.clone();
    let xid = Arc::new(std::sync::Mutex::new(0));
    let unseen = xid.clone();
    process.at(Call::BuildDone, 1, move || {
        *unseen.lock().expect("no panics") = world.commit_unseen(vec![Change::Truncate(Table::Customers)]);
        Ok(())
    });
    let between = async {
        bench.until(|| process.count(Call::Write) > 0).await;
        bench.pass_time(Duration::from_secs(5)).await;
        released.store(true, Ordering::SeqCst);
        bench.pass_time(Duration::from_secs(5)).await;
        bench.world.show(*xid.lock().expect("no panics"));
    };
    let (applied, ()) = tokio::join!(bench.apply_in(&process), between);
    assert_eq!(applied.expect("alive").expect("applied").repaired, 0);
    bench.assert_true();
}
