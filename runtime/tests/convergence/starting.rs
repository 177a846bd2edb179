//! Rule *start-up*: what does not fit is found before anything is written.

use flusso_schemas::lock::Manage;
use flusso_schemas::report::Action;

use super::bench::{Bench, customer};
use crate::memory::{Call, Slot, Table};
use flusso_runtime::{ErrorKind, Lsn};

/// Whatever was done to the world, run and apply stop for this reason and write nothing.
async fn stops(kind: ErrorKind, words: &str, change: impl Fn(&mut Bench)) {
    let applies = kind == ErrorKind::Drift && words != "is not the one that was applied";
    stopped(kind, words, applies, change).await;
}

/// Run stops for this reason and writes nothing; apply builds the index again beside the live one.
async fn stops_until_it_is_built_again(words: &str, change: impl Fn(&mut Bench)) {
    let bench = stopped(ErrorKind::Drift, words, false, change).await;
    let live = bench.generation("customers").name;
    let applied = bench.apply().await.expect("applied");
    assert_eq!(applied.plan.steps[0].action, Action::Rebuild);
    let reason = applied.plan.steps[0].reason.clone().expect("it says why");
    assert!(reason.contains(words), "{reason}");
    assert_ne!(bench.generation("customers").name, live);
    bench.catch_up().await;
    bench.assert_true();
}

async fn stopped(kind: ErrorKind, words: &str, applies: bool, change: impl Fn(&mut Bench)) -> Bench {
    let mut bench = Bench::applied().await;
    bench.world.commit(vec![customer(1, 50)]);
    change(&mut bench);
    let written =
        bench.cluster().with(|servers| (servers.writes.len(), servers.project.clone().map(|it| it.revision)));
    let position = bench.slot_position();
    let run = bench.follow().ended().await.expect("alive").expect_err("run stops");
    let mut errors = vec![run];
    if applies {
        errors.push(bench.apply().await.expect_err("apply stops"));
    }
    for error in errors {
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let now =
        bench.cluster().with(|servers| (servers.writes.len(), servers.project.clone().map(|it| it.revision)));
    assert_eq!(now, written);
    assert_eq!(bench.slot_position(), position);
    bench
}

fn change_generation(bench: &mut Bench, change: impl Fn(&mut crate::memory::Index)) {
    let name = bench.generation("customers").name;
    bench.cluster().with(|servers| change(servers.indexes.get_mut(&name).expect("it is live")));
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_the_slot_is_ahead_of_the_state() {
    stops(ErrorKind::Drift, "past the confirmed", |bench| {
        bench.world.with(|inner| inner.slot.as_mut().expect("a slot").confirmed = inner.insert);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_the_slot_is_gone_or_not_ours() {
    stops(ErrorKind::Drift, "was dropped", |bench| bench.world.with(|inner| inner.slot = None)).await;
    stops(ErrorKind::Drift, "was not created by flusso", |bench| {
        bench
            .world
            .with(|inner| inner.slot.as_mut().expect("a slot").foreign = Some("other plugin".to_owned()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_the_publication_is_another_one() {
    stops(ErrorKind::Drift, "dropped and created again", |bench| {
        bench.world.with(|inner| inner.publication = Some(1))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_the_source_is_another_cluster_or_was_restored() {
    stops(ErrorKind::Drift, "another Postgres cluster", |bench| {
        bench.world.with(|inner| inner.system_identifier = "8".to_owned());
    })
    .await;
    stops(ErrorKind::Drift, "was restored to an earlier time", |bench| {
        bench.world.with(|inner| (inner.insert, inner.flush) = (Lsn(1_001), Lsn(1_001)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_the_lock_is_another_one() {
    stops(ErrorKind::Drift, "is not the one that was applied", |bench| {
        let mut lock = (*bench.lock).clone();
        lock.inputs = "other".to_owned();
        bench.lock = std::sync::Arc::new(lock);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn start_up_stops_where_an_index_was_restored_remade_or_deleted_until_it_is_built_again() {
    stops_until_it_is_built_again("restored from a snapshot", |bench| {
        change_generation(bench, |index| index.history_uuid = "other".to_owned());
    })
    .await;
    stops_until_it_is_built_again("deleted and created again", |bench| {
        change_generation(bench, |index| index.uuid = "other".to_owned());
    })
    .await;
    stops_until_it_is_built_again("was deleted", |bench| {
        let name = bench.generation("customers").name;
        bench.cluster().with(|servers| servers.indexes.remove(&name));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_row_event_start_up_stops_where_the_catalog_changed_until_it_is_built_again() {
    let bench = Bench::applied().await;
    bench.world.commit(vec![customer(1, 50)]);
    let position = bench.slot_position();
    bench.world.retype(Table::Customers);
    let stopped = bench.follow().ended().await.expect("alive").expect_err("run stops");
    assert!(stopped.message.contains("may have missed changes"), "{stopped}");
    assert_eq!(stopped.kind, ErrorKind::Drift);
    assert_eq!(bench.slot_position(), position);
    let applied = bench.apply().await.expect("applied");
    assert_eq!(applied.plan.steps[0].action, Action::Rebuild);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_run_before_any_apply_writes_nothing() {
    let bench = Bench::new(&["search"]);
    let error = bench.follow().ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert!(bench.cluster().with(|servers| servers.project.is_none() && servers.writes.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_second_runner_waits_for_the_slot_and_gives_up() {
    let bench = Bench::applied().await;
    let first = bench.follow();
    bench.until(|| first.process.count(Call::Stream) == 1).await;
    let error = bench.follow().ended().await.expect("alive").expect_err("the slot is held");
    assert_eq!(error.kind, ErrorKind::Busy);
    bench.world.commit(vec![customer(1, 50)]);
    bench.wait_confirmed().await;
    bench.assert_true();
    first.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_state_that_another_runner_wrote_is_foreign_and_confirms_nothing() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(std::time::Duration::from_secs(5)).await;
    let before = bench.slot_position();
    bench.cluster().with(|servers| servers.project.as_mut().expect("a state").revision.sequence += 1_000);
    bench.world.commit(vec![customer(1, 50)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert_eq!(bench.slot_position(), before);
}

#[tokio::test(start_paused = true)]
async fn a_second_runner_does_not_take_what_the_first_one_confirms_for_a_slot_that_was_advanced() {
    let bench = Bench::applied().await;
    let first = bench.follow();
    bench.pass_time(std::time::Duration::from_secs(5)).await;
    let second = std::sync::Arc::new(crate::memory::Process::default());
    let before = bench.slot_position();
    let world = bench.world.clone();
    let is_past = move || world.with(|inner| inner.slot.as_ref().is_some_and(|slot| slot.confirmed > before));
    second.hold_at(Call::Slot, 1, is_past);
    let second = bench.follow_in(second);
    bench.until(|| second.process.count(Call::Slot) == 1).await;
    bench.world.commit(vec![customer(1, 50)]);
    assert_eq!(second.ended().await.expect("alive").expect_err("the slot is held").kind, ErrorKind::Busy);
    first.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_the_database_that_has_written_past_what_was_confirmed_is_never_followed() {
    let bench = Bench::applied().await;
    bench.world.commit(vec![customer(1, 40)]);
    bench.catch_up().await;
    let copied = bench.slot_position();
    bench.world.commit(vec![customer(1, 50)]);
    bench.catch_up().await;
    bench.world.commit(vec![customer(2, 60)]);
    bench.world.diverge(copied);
    let (writes, position) = (bench.writes().len(), bench.slot_position());
    for _ in 0..2 {
        let error = bench.follow().ended().await.expect("alive").expect_err("run stops");
        assert!(error.message.contains("another history"), "{error}");
        assert!(
            error.help.is_some_and(|help| help.starts_with("check that `$UNUSED` is the current primary"))
        );
        let error = bench.apply().await.expect_err("apply stops");
        assert!(error.message.contains("another history"), "{error}");
    }
    assert_eq!((bench.writes().len(), bench.slot_position()), (writes, position));
}

/// A slot that somebody made because `manage` leaves it out is taken over where it is, and what was committed
/// between its making and the apply is in the documents.
#[tokio::test(start_paused = true)]
async fn a_slot_made_by_someone_else_is_taken_over_where_manage_leaves_it_out() {
    let mut bench = Bench::new(&["search"]);
    let position = bench.world.with(|inner| {
        let slot = Slot { confirmed: inner.insert, foreign: None, elsewhere: None, holder: None };
        let position = slot.confirmed;
        inner.slot = Some(slot);
        position
    });
    let managed = bench.apply().await.expect_err("with `slot` in `manage` nobody else makes it");
    assert!(managed.to_string().contains("no state in a sink knows it"), "{managed}");
    let mut lock = (*bench.lock).clone();
    lock.source.manage.remove(&Manage::Slot);
    bench.lock = std::sync::Arc::new(lock);
    bench.world.commit(vec![customer(1, 70), customer(9, 9)]);
    bench.apply().await.expect("applied over the slot that was there");
    bench.assert_true();
    assert!(bench.slot_position() >= position);
    bench.world.commit(vec![customer(9, 10)]);
    bench.catch_up().await;
    bench.assert_true();
}

/// A slot that `manage` leaves out is never dropped, also by an apply that was killed before and comes again.
#[tokio::test(start_paused = true)]
async fn a_slot_that_manage_leaves_out_is_not_made_again() {
    let mut bench = Bench::new(&["search"]);
    let mut lock = (*bench.lock).clone();
    lock.source.manage.remove(&Manage::Slot);
    bench.lock = std::sync::Arc::new(lock);
    let missing = bench.apply().await.expect_err("there is no slot");
    assert!(missing.to_string().contains("slot"), "{missing}");
    assert!(bench.world.read(|inner| inner.slot.is_none()));
}
