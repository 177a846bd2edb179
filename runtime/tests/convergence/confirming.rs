//! Rule *confirm*: a position is confirmed after what lies below it is durable everywhere, and not before.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, customer, gone, item, note, order};
use crate::memory::{Call, Process, Table};
use flusso_runtime::ErrorKind;

/// Moments between reading a change and having confirmed it.
const MOMENTS: [Call; 9] = [
    Call::Next,
    Call::ResolveDone,
    Call::BuildDone,
    Call::WriteDone,
    Call::FlushDone,
    Call::StateProject,
    Call::StateProjectDone,
    Call::Confirm,
    Call::ConfirmDone,
];

#[tokio::test(start_paused = true)]
async fn confirm_whatever_moment_everything_crashes_at_no_change_is_lost() {
    for moment in MOMENTS {
        let bench = Bench::applied().await;
        let running = bench.follow();
        bench.pass_time(Duration::from_secs(5)).await;
        running.process.kill_at(moment, 1, || {});
        bench.world.commit(vec![note(1, 100, 5), customer(1, 50), gone(Table::Orders, 20)]);
        assert!(running.ended().await.is_none(), "nothing reached {moment:?}");
        bench.cluster().crash();
        bench.world.crash();
        bench.catch_up().await;
        bench.assert_true();
    }
}

#[tokio::test(start_paused = true)]
async fn confirm_a_note_above_the_durable_position_waits_for_the_heartbeat() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = bench.slot_position();
    // What the document is built from holds a commit that a crash takes back.
    let world = bench.world.clone();
    running.process.at(Call::Build, 1, move || {
        world.commit_asynchronously(vec![item(999, 10, 7)]);
        Ok(())
    });
    let world = bench.world.clone();
    running.process.at(Call::Heartbeat, 1, move || {
        world.crash();
        Ok(())
    });
    bench.world.commit(vec![order(10, 1, 77)]);
    bench.until(|| running.process.count(Call::Heartbeat) == 1).await;
    assert_eq!(bench.slot_position(), before);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn confirm_what_only_resolve_saw_has_to_be_durable_too() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    // The order is gone for a moment, so the note leads to no document; a crash brings the order back.
    let world = bench.world.clone();
    running.process.at(Call::Resolve, 1, move || {
        world.commit_asynchronously(vec![gone(Table::Orders, 20)]);
        Ok(())
    });
    let world = bench.world.clone();
    running.process.at(Call::Heartbeat, 1, move || {
        world.crash();
        Ok(())
    });
    bench.world.commit(vec![note(1, 200, 5)]);
    bench.until(|| running.process.count(Call::Heartbeat) == 1).await;
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_once_the_slot_is_not_ours() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let writes = bench.writes().len();
    let world = bench.world.clone();
    running.process.at(Call::BuildDone, 1, move || {
        let other = Some((0, Arc::default()));
        world.with(|inner| inner.slot.as_mut().expect("a slot").holder = other);
        Ok(())
    });
    bench.world.commit(vec![customer(1, 50)]);
    let error = running.ended().await.expect("alive").expect_err("the other one keeps it");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert_eq!(bench.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn confirm_a_range_is_closed_only_once_what_it_saw_is_durable() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let world = bench.world.clone();
    process.at(Call::Build, 1, move || {
        world.commit_asynchronously(vec![customer(9, 9)]);
        Ok(())
    });
    let (world, cluster) = (bench.world.clone(), bench.cluster().clone());
    process.at(Call::Heartbeat, 1, move || {
        let generations = cluster.with(|servers| servers.generations.clone());
        assert!(generations.values().all(|generation| generation.value.ranges.is_empty()));
        world.crash();
        Ok(())
    });
    bench.apply_in(&process).await.expect("alive").expect("it is applied in a second session");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn confirm_with_one_sink_down_nothing_is_confirmed() {
    let bench = Bench::new(&["here", "there"]);
    bench.apply().await.expect("applied");
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = bench.slot_position();
    bench.clusters["there"].with(|servers| servers.is_down = true);
    bench.world.commit(vec![customer(1, 50)]);
    bench.pass_time(Duration::from_secs(300)).await;
    assert_eq!(bench.slot_position(), before);
    bench.clusters["there"].with(|servers| servers.is_down = false);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn confirm_every_state_holds_a_position_before_the_source_forgets_it() {
    let bench = Bench::new(&["here", "there"]);
    bench.apply().await.expect("applied");
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    // The first sink's state is written, the second one's is not.
    running.process.kill_at(Call::StateProject, 2, || {});
    let before = bench.slot_position();
    bench.world.commit(vec![customer(1, 50)]);
    assert!(running.ended().await.is_none());
    assert_eq!(bench.slot_position(), before);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_ends_well_and_confirms_what_is_done() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let confirms = running.process.count(Call::ConfirmDone);
    bench.world.commit(vec![customer(1, 49)]);
    bench.until(|| running.process.count(Call::ConfirmDone) > confirms).await;
    let flushes = running.process.count(Call::FlushDone);
    bench.world.commit(vec![customer(1, 50)]);
    let end = bench.world.with(|inner| inner.insert);
    bench.until(|| running.process.count(Call::FlushDone) >= flushes + 2).await;
    assert!(bench.slot_position() < end, "it is confirmed a second later at the earliest");
    running.stop().await;
    assert_eq!(bench.slot_position(), end);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_ends_well_while_the_source_is_away() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let lost = || flusso_runtime::Error::new(ErrorKind::ConnectionLost, "a test keeps the source away");
    running.process.set_chaos(move |call| if call == Call::Connect { Err(lost()) } else { Ok(()) });
    bench.world.disconnect();
    bench.pass_time(Duration::from_secs(60)).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn confirm_happens_at_most_once_a_second() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = running.process.count(Call::ConfirmDone);
    for value in 0..100 {
        bench.world.commit(vec![customer(1, value)]);
        bench.pass_time(Duration::from_millis(1_037)).await;
        bench.world.commit(vec![customer(2, value)]);
        bench.pass_time(Duration::from_millis(5)).await;
    }
    let confirms = running.process.count(Call::ConfirmDone) - before;
    assert!((50..=105).contains(&confirms), "{confirms} confirms in 104 s");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_huge_transaction_is_written_in_bounded_pages_before_it_is_confirmed_whole() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let before = bench.slot_position();
    let commits = bench.world.with(|inner| inner.insert);
    bench.world.commit((1_000..13_000).map(|id| customer(id, 1)).collect());
    bench.until(|| bench.slot_position() > before).await;
    let end = bench.world.with(|inner| inner.insert);
    assert_eq!(bench.slot_position(), end, "it is confirmed as one");
    let pages: Vec<usize> = bench
        .writes()
        .iter()
        .filter(|(_, version, _)| *version == commits.0)
        .map(|(.., ids)| ids.len())
        .collect();
    assert!(
        pages.len() >= 3 && pages.iter().all(|ids| *ids <= flusso_runtime::limits::BATCH_KEYS_MAX),
        "{pages:?}"
    );
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_lasts_does_not_take_its_own_progress_for_a_restored_source() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    for value in 0..10 {
        bench.world.commit(vec![customer(1, value)]);
        bench.pass_time(Duration::from_secs(60)).await;
    }
    assert!(!running.is_over());
    running.stop().await;
    bench.assert_true();
}
