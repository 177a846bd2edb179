//! Rules *event-version*, *eventless-version* and *answers*: which document stands when two meet.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, customer, gone, order};
use crate::memory::{Call, Fate, Process, Table, key_of};
use flusso_runtime::ErrorKind;
use flusso_runtime::sink::WriteCause;

#[tokio::test(start_paused = true)]
async fn eventless_version_a_late_older_read_does_not_overwrite_a_commits_document() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let mut is_first = true;
    bench.cluster().set_fates(move |cause| match cause {
        WriteCause::Eventless if std::mem::take(&mut is_first) => Fate::Late,
        _ => Fate::Answered,
    });
    // Its commit record begins where the slot does: its version is that of the position itself.
    let world = bench.world.clone();
    process.at(Call::BuildDone, 1, move || {
        let commits = world.with(|inner| inner.insert);
        let first = world.with(|inner| inner.slot.as_ref().map(|slot| slot.confirmed));
        assert_eq!(Some(commits), first);
        world.commit(vec![customer(1, 50)]);
        Ok(())
    });
    let cluster = bench.cluster().clone();
    process.at(Call::SwapDone, 1, move || {
        assert_eq!(cluster.deliver_late(), 1);
        Ok(())
    });
    bench.apply_in(&process).await.expect("alive").expect("applied");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn event_version_an_older_batch_that_arrives_late_changes_nothing() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let mut is_first = true;
    bench
        .cluster()
        .set_fates(move |_| if std::mem::take(&mut is_first) { Fate::Late } else { Fate::Answered });
    bench.world.commit(vec![customer(1, 50)]);
    bench.wait_confirmed().await;
    bench.world.commit(vec![customer(1, 51)]);
    bench.world.commit(vec![gone(Table::Customers, 1)]);
    bench.wait_confirmed().await;
    assert_eq!(bench.cluster().deliver_late(), 1);
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn event_version_is_the_last_commit_of_the_batch() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    let writes = bench.writes().len();
    bench.world.commit(vec![customer(1, 50)]);
    let last = bench.world.with(|inner| inner.insert);
    bench.world.commit(vec![customer(2, 50)]);
    bench.wait_confirmed().await;
    let versions: Vec<u64> = bench.writes()[writes..].iter().map(|(_, version, _)| *version).collect();
    assert!(versions.iter().all(|version| *version == last.version()), "{versions:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn event_version_a_document_that_is_gone_is_deleted_also_where_it_never_was() {
    let bench = Bench::applied().await;
    bench.world.commit(vec![order(77, 1, 1)]);
    bench.world.commit(vec![gone(Table::Orders, 77)]);
    bench.catch_up().await;
    let id = key_of(77).document_id();
    let generation = bench.generation("orders").name;
    let has_tombstone = bench
        .cluster()
        .with(|servers| servers.indexes[&generation].entry(&id).is_some_and(|entry| entry.json.is_none()));
    assert!(has_tombstone);
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn answers_a_version_that_no_change_can_have_stops_and_confirms_nothing() {
    let bench = Bench::applied().await;
    let generation = bench.generation("customers").name;
    bench.cluster().with(|servers| {
        let index = servers.indexes.get_mut(&generation).expect("it is live");
        index.overwrite(&key_of(1).document_id(), 1 << 51);
    });
    let before = bench.slot_position();
    let running = bench.follow();
    bench.world.commit(vec![customer(1, 50)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert_eq!(bench.slot_position(), before);
}

#[tokio::test(start_paused = true)]
async fn answers_a_refused_document_stops_with_its_key_and_nothing_is_confirmed_past_it() {
    let bench = Bench::applied().await;
    let id = key_of(2).document_id();
    bench.cluster().with(|servers| servers.refused.insert(id.clone()));
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    bench.world.commit(vec![customer(1, 50)]);
    let refused = bench.world.with(|inner| inner.insert);
    bench.world.commit(vec![customer(2, 50)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert!(error.to_string().contains(&id), "{error}");
    assert!(bench.slot_position() <= refused);
    bench.cluster().with(|servers| servers.refused.clear());
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn answers_an_event_write_that_nobody_answered_is_built_and_sent_again() {
    for fate in [Fate::Lost, Fate::Unheard, Fate::Late] {
        let bench = Bench::applied().await;
        let running = bench.follow();
        bench.pass_time(Duration::from_secs(5)).await;
        let mut is_first = true;
        bench.cluster().set_fates(move |_| if std::mem::take(&mut is_first) { fate } else { Fate::Answered });
        bench.world.commit(vec![customer(1, 50)]);
        bench.wait_confirmed().await;
        bench.cluster().deliver_late();
        bench.assert_true();
        running.stop().await;
    }
}
