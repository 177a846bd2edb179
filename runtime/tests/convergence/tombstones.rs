//! Rules *tombstones* and *deadline*: a chunk that comes late does not bring a deleted row back.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, gone};
use crate::memory::{Call, Fate, Process, Table, key_of};
use flusso_runtime::sink::WriteCause;

/// A chunk that saw a row is held until the row's deletion was written and its tombstone was lost in some way.
async fn chunk_after_tombstone_was_lost(lose: impl Fn(&Bench)) {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let id = key_of(3).document_id();
    let cluster = bench.cluster().clone();
    let has_tombstone = {
        let id = id.clone();
        move || {
            cluster.with(|servers| {
                let mut indexes = servers.indexes.iter().filter(|(name, _)| name.starts_with("customers"));
                indexes.any(|(_, index)| index.entry(&id).is_some_and(|entry| entry.json.is_none()))
            })
        }
    };
    let released = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_released = released.clone();
    process.hold_at(Call::Write, 1, move || is_released.load(std::sync::atomic::Ordering::SeqCst));
    let world = bench.world.clone();
    process.at(Call::BuildDone, 1, move || {
        world.commit(vec![gone(Table::Customers, 3)]);
        Ok(())
    });
    let between = async {
        bench.until(has_tombstone).await;
        lose(&bench);
        released.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let (applied, ()) = tokio::join!(bench.apply_in(&process), between);
    let applied = applied.expect("alive").expect("applied");
    assert_eq!(applied.repaired, 0, "verification must not be what finds it");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn tombstones_lost_with_a_term_let_the_chunk_be_built_again_by_key() {
    chunk_after_tombstone_was_lost(|bench| bench.cluster().lose_tombstones()).await;
}

#[tokio::test(start_paused = true)]
async fn deadline_a_chunk_answered_too_late_by_the_sources_clock_is_built_again_by_key() {
    chunk_after_tombstone_was_lost(|bench| {
        bench.world.with(|inner| inner.clock += Duration::from_secs(61));
        bench.cluster().expire_tombstones();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn tombstones_an_unanswered_eventless_write_is_not_sent_again_and_its_ids_are_built_by_key() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let mut is_first = true;
    bench.cluster().set_fates(move |cause| match cause {
        WriteCause::Eventless if std::mem::take(&mut is_first) => Fate::Unheard,
        _ => Fate::Answered,
    });
    // Gone after the chunk saw it, by a change that the stream does not carry to anyone.
    let world = bench.world.clone();
    process.at(Call::WriteDone, 1, move || {
        let writer = world.begin_uncarried();
        world.commit_uncarried(writer, vec![gone(Table::Customers, 3)]);
        Ok(())
    });
    let applied = bench.apply_in(&process).await.expect("alive").expect("applied");
    assert_eq!(applied.repaired, 0, "a range read again does not delete what has gone");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn an_event_batch_answered_after_the_deadline_is_built_again() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let world = bench.world.clone();
    running.process.at(Call::WriteDone, 1, move || {
        world.with(|inner| inner.clock += Duration::from_secs(61));
        Ok(())
    });
    let builds = running.process.count(Call::BuildDone);
    bench.world.commit(vec![super::bench::order(77, 0, 1)]);
    bench.wait_confirmed().await;
    assert_eq!(running.process.count(Call::BuildDone), builds + 2);
    bench.assert_true();
    running.stop().await;
}
