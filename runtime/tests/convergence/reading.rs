//! Rule *reading-transaction*: what is read holds every transaction of its batch, and is bounded.

use std::time::Duration;

use super::bench::{Bench, customer, item, note, order};
use crate::memory::Call;
use flusso_runtime::ErrorKind;
use flusso_runtime::progress::ProgressEvent;

#[tokio::test(start_paused = true)]
async fn resolve_and_build_wait_for_a_transaction_that_no_snapshot_sees_yet() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = bench.slot_position();
    let counts = || (running.process.count(Call::ResolveDone), running.process.count(Call::BuildDone));
    let read = counts();
    let xid = bench.world.commit_unseen(vec![item(500, 10, 1), note(5_000, 500, 7), customer(1, 9)]);
    bench.pass_time(Duration::from_secs(120)).await;
    assert_eq!(counts(), read, "nothing is resolved or built without it");
    assert_eq!(bench.slot_position(), before);
    let is_said = |event: &ProgressEvent| matches!(event, ProgressEvent::Waiting { what } if what.contains(&xid.to_string()));
    assert!(bench.events.said(is_said));
    bench.world.show(xid);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_of_an_open_transaction_waits_for_that_transaction() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    bench.world.with(|inner| inner.burst = 1);
    let xid = bench.world.commit_unseen(vec![customer(1, 9), customer(2, 9), customer(3, 9)]);
    bench.pass_time(Duration::from_secs(60)).await;
    assert!(bench.cluster().with(|servers| servers.writes.iter().all(|(.., ids)| !ids.is_empty())));
    bench.world.show(xid);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn too_much_halves_down_to_one_key_in_events_chunks_and_verification() {
    let bench = Bench::new(&["search"]);
    bench.world.with(|inner| inner.build_max = Some(1));
    bench.apply().await.expect("applied one document at a time");
    bench.assert_true();
    let running = bench.follow();
    bench.world.commit(vec![customer(1, 9), customer(2, 9), customer(3, 9), order(10, 2, 4)]);
    bench.wait_confirmed().await;
    running.stop().await;
    bench.assert_true();
    assert!(bench.writes().iter().all(|(.., ids)| ids.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_too_much_alone_stops_and_is_not_confirmed() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = bench.slot_position();
    bench.world.with(|inner| inner.build_max = Some(0));
    bench.world.commit(vec![customer(1, 9), customer(2, 9)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert_eq!(bench.slot_position(), before);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_too_much_at_one_key_stops_an_apply() {
    let bench = Bench::new(&["search"]);
    bench.world.with(|inner| inner.build_max = Some(0));
    assert_eq!(bench.apply().await.expect_err("it stops").kind, ErrorKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_resolve_that_is_too_much_is_asked_for_fewer_rows() {
    let bench = Bench::applied().await;
    bench.world.with(|inner| inner.resolve_max = Some(1));
    let running = bench.follow();
    bench.world.commit(vec![item(100, 10, 9), item(200, 20, 9), item(300, 30, 9)]);
    bench.wait_confirmed().await;
    running.stop().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_locked_is_read_again_and_no_error() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    running.process.fail_at(Call::Build, 1, ErrorKind::LockNotAvailable);
    running.process.fail_at(Call::Resolve, 2, ErrorKind::LockNotAvailable);
    bench.world.commit(vec![item(100, 10, 9)]);
    bench.wait_confirmed().await;
    running.stop().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn gate_no_chunk_is_read_before_writers_of_before_the_join_have_ended() {
    let bench = Bench::new(&["search"]);
    let process = std::sync::Arc::default();
    let running = bench.apply_in(&process);
    let world = bench.world.clone();
    let begun = std::sync::Arc::new(std::sync::Mutex::new(None));
    let writer = begun.clone();
    process.at(Call::CreateGenerationDone, 1, move || {
        *writer.lock().expect("no panics") = Some(world.begin_uncarried());
        Ok(())
    });
    let ends = async {
        bench.until(|| process.count(Call::Gate) == 1).await;
        bench.pass_time(Duration::from_secs(20)).await;
        let writer = begun.lock().expect("no panics").expect("it began");
        bench.world.commit_uncarried(writer, vec![customer(7, 7), customer(1, 70)]);
    };
    let (applied, ()) = tokio::join!(running, ends);
    let applied = applied.expect("alive").expect("applied");
    assert_eq!(applied.repaired, 0, "verification must not be what finds it");
    bench.assert_true();
}
