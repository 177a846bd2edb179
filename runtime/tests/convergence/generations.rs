//! Rules *join-order*, *swap* and *fed-until*: apply can be run again at any step.

use std::sync::Arc;

use flusso_schemas::lock::Lock;
use flusso_schemas::report::Action;
use flusso_schemas::state::GenerationPhase;

use super::bench::{Bench, customer, gone, order};
use crate::memory::{Call, Process, Table};
use flusso_runtime::ErrorKind;
use flusso_runtime::progress::ProgressEvent;
use flusso_runtime::sink::WriteCause;

/// What the log grows by from an untouched source to the first commit after its slot was made.
const MADE_BYTES: u64 = 64;
/// Every step of an apply that leaves something behind.
const STEPS: [Call; 22] = [
    Call::Provision,
    Call::StateCreate,
    Call::StateCreateDone,
    Call::CreateSlot,
    Call::CreateSlotDone,
    Call::StateProject,
    Call::StateProjectDone,
    Call::Stream,
    Call::CreateGeneration,
    Call::CreateGenerationDone,
    Call::StateGeneration,
    Call::StateGenerationDone,
    Call::Gate,
    Call::BuildDone,
    Call::Write,
    Call::WriteDone,
    Call::FlushDone,
    Call::Get,
    Call::Finish,
    Call::Heartbeat,
    Call::Swap,
    Call::SwapDone,
];

#[tokio::test(start_paused = true)]
async fn an_apply_killed_at_any_step_is_completed_by_the_next_one() {
    for step in STEPS {
        for nth in 1..=6 {
            let bench = Bench::new(&["search"]);
            let process: Arc<Process> = Arc::default();
            process.kill_at(step, nth, || {});
            let was_killed = bench.apply_in(&process).await.is_none();
            bench.world.commit(vec![customer(1, 50), order(99, 1, 1), gone(Table::Orders, 20)]);
            if was_killed {
                bench.cluster().crash();
                bench.world.crash();
                let applied = bench.apply().await;
                assert!(applied.is_ok(), "after a kill at {step:?} {nth}: {applied:?}");
            }
            bench.catch_up().await;
            bench.assert_true();
            let live = bench.generations().into_iter().filter(|own| own.phase == GenerationPhase::Live);
            assert_eq!(live.count(), 2, "after a kill at {step:?} {nth}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn swap_a_generation_found_swapping_asks_the_alias() {
    for (moment, moved) in [(Call::Swap, false), (Call::SwapDone, true)] {
        let bench = Bench::new(&["search"]);
        let process: Arc<Process> = Arc::default();
        process.kill_at(moment, 1, || {});
        assert!(bench.apply_in(&process).await.is_none());
        let name = bench.generation("customers").name;
        assert_eq!(bench.generation("customers").phase, GenerationPhase::Swapping);
        assert_eq!(bench.cluster().documents("customers").is_some(), moved);
        let again: Arc<Process> = Arc::default();
        bench.apply_in(&again).await.expect("alive").expect("applied");
        assert_eq!(bench.generation("customers").phase, GenerationPhase::Live);
        assert_eq!(bench.generation("customers").name, name, "it went on with the same one");
        bench.assert_true();
    }
}

#[tokio::test(start_paused = true)]
async fn a_generations_number_is_never_used_twice() {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    process.kill_at(Call::CreateGeneration, 1, || {});
    assert!(bench.apply_in(&process).await.is_none());
    bench.apply().await.expect("applied");
    assert!(bench.generation("customers").name.ends_with("-2"), "{}", bench.generation("customers").name);
    assert_eq!(bench.project().generations["customers"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_backfill_goes_on_from_its_closed_range_under_its_first_position() {
    let bench = Bench::new(&["search"]);
    bench.world.commit((100..1_400).map(|id| customer(id, 1)).collect());
    let process: Arc<Process> = Arc::default();
    // The follower confirms something meanwhile: what is left is still written under the first position.
    let world = bench.world.clone();
    process.at(Call::Gate, 1, move || {
        world.commit(vec![customer(2, 20)]);
        Ok(())
    });
    let (world, first) = (bench.world.clone(), bench.world.with(|inner| inner.insert));
    process.hold_at(Call::Bound, 1, move || {
        world.with(|inner| inner.slot.as_ref().is_some_and(|slot| slot.confirmed.0 >= first.0 + MADE_BYTES))
    });
    let (cluster, killed) = (bench.cluster().clone(), process.clone());
    process.set_chaos(move |call| {
        let has_closed = |servers: &mut crate::memory::Servers| {
            servers.generations.values().any(|generation| !generation.value.ranges.is_empty())
        };
        if call == Call::StateGenerationDone && cluster.with(has_closed) {
            killed.kill();
        }
        Ok(())
    });
    assert!(bench.apply_in(&process).await.is_none());
    let begun = bench.generation("customers");
    let closed = begun.ranges[0].up_to.clone().expect("it is not done").join("");
    let writes = bench.writes().len();
    bench.world.commit(vec![customer(1, 50)]);
    bench.apply().await.expect("applied");
    assert_eq!(bench.generation("customers").name, begun.name);
    let again: Vec<_> = bench
        .writes()
        .split_off(writes)
        .into_iter()
        .filter(|(cause, ..)| *cause == WriteCause::Eventless)
        .collect();
    let is_after = |id: &String| *id > closed || id.len() < closed.len();
    let customers: Vec<_> = again.iter().filter(|(.., ids)| ids.len() > 10).collect();
    assert!(!customers.is_empty() && customers.iter().all(|(.., ids)| ids.iter().all(is_after)), "{closed}");
    assert!(bench.project().confirmed.is_some_and(|confirmed| confirmed.position > begun.first_position));
    let version = begun.first_position.eventless_version();
    assert!(customers.iter().all(|(_, written, _)| *written == version));
    bench.assert_true();
}

fn first_index_only(lock: &Lock) -> Lock {
    let mut lock = lock.clone();
    lock.indexes.truncate(1);
    lock
}

/// A lock with one index is applied and followed; a second index is begun and left at some step; the first
/// lock is followed on; the second lock is applied again.
async fn second_index_left_at(step: Call, nth: u64) -> Bench {
    let mut bench = Bench::new(&["search"]);
    let both = bench.lock.clone();
    let first = Arc::new(first_index_only(&both));
    bench.lock = first.clone();
    bench.apply().await.expect("applied");
    bench.lock = both.clone();
    let process: Arc<Process> = Arc::default();
    process.kill_at(step, nth, || {});
    assert!(bench.apply_in(&process).await.is_none(), "it gets to {step:?}");
    bench.lock = first;
    bench.world.commit(vec![order(10, 1, 70), order(88, 1, 1), gone(Table::Orders, 21)]);
    bench.catch_up().await;
    bench.lock = both;
    bench
}

#[tokio::test(start_paused = true)]
async fn fed_until_a_generation_that_missed_changes_is_dropped_and_begun_under_a_new_number() {
    let bench = second_index_left_at(Call::Get, 1).await;
    let begun = bench.generation("orders").name;
    bench.apply().await.expect("applied");
    let now = bench.generation("orders").name;
    assert!(begun.ends_with("-1") && now.ends_with("-2"), "{begun} {now}");
    assert!(bench.cluster().with(|servers| !servers.indexes.contains_key(&begun)));
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn fed_until_a_swapped_generation_that_missed_changes_is_not_believed() {
    for step in [Call::SwapDone, Call::StateGenerationDone, Call::StateProject] {
        for nth in 1..40 {
            let bench = Bench::new(&["search"]);
            if !second_index_missed_changes(bench, step, nth).await {
                break;
            }
        }
    }
}

/// Whether that moment was reached.
async fn second_index_missed_changes(mut bench: Bench, step: Call, nth: u64) -> bool {
    let both = bench.lock.clone();
    let first = Arc::new(first_index_only(&both));
    bench.lock = first.clone();
    bench.apply().await.expect("applied");
    bench.lock = both.clone();
    let process: Arc<Process> = Arc::default();
    process.kill_at(step, nth, || {});
    if bench.apply_in(&process).await.is_some() {
        return false;
    }
    bench.lock = first;
    bench.world.commit(vec![order(10, 1, 70), order(88, 1, 1), gone(Table::Orders, 21)]);
    let is_current = bench.project().lock_digest == Some(bench.lock.digest());
    if is_current {
        bench.catch_up().await;
    }
    bench.lock = both;
    bench.apply().await.expect("applied");
    bench.catch_up().await;
    bench.assert_true();
    let orders = bench.generations().into_iter().filter(|own| own.index == "orders");
    assert_eq!(orders.filter(|own| own.phase == GenerationPhase::Live).count(), 1, "{step:?} {nth}");
    true
}

#[tokio::test(start_paused = true)]
async fn dropping_a_generation_that_missed_changes_can_be_interrupted() {
    for (step, nth) in
        [(Call::DropGenerationDone, 1), (Call::StateGeneration, 1), (Call::StateGenerationDone, 1)]
    {
        let bench = second_index_left_at(Call::Get, 1).await;
        let process: Arc<Process> = Arc::default();
        process.kill_at(step, nth, || {});
        assert!(bench.apply_in(&process).await.is_none());
        bench.apply().await.expect("applied");
        bench.assert_true();
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_generation_of_another_plan_can_be_interrupted() {
    let mut bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    process.kill_at(Call::Get, 1, || {});
    assert!(bench.apply_in(&process).await.is_none());
    let mut lock = (*bench.lock).clone();
    lock.indexes[0].body = serde_json::json!({ "mappings": { "dynamic": "strict" } });
    bench.lock = Arc::new(lock);
    let process: Arc<Process> = Arc::default();
    process.kill_at(Call::DropGenerationDone, 1, || {});
    assert!(bench.apply_in(&process).await.is_none());
    bench.apply().await.expect("applied");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_changed_setting_is_planned_and_never_called_unchanged() {
    let mut bench = Bench::applied().await;
    let mut lock = (*bench.lock).clone();
    lock.indexes[0].settings.insert("number_of_replicas".to_owned(), "2".to_owned());
    bench.lock = Arc::new(lock);
    let live = bench.generation("customers").name;
    let applied = bench.apply().await.expect("applied");
    assert_eq!(applied.plan.steps[0].action, flusso_schemas::report::Action::Settings);
    assert_eq!(applied.plan.steps[0].changes[0].path, "settings.number_of_replicas");
    assert_eq!(bench.generation("customers").name, live);
    let set = bench.cluster().with(|servers| servers.indexes[&live].settings["number_of_replicas"].clone());
    assert_eq!(set.as_deref(), Some("2"));
}

/// A live generation that was not fed while others were, as the state tells it.
fn let_miss_changes(bench: &Bench) {
    let name = bench.generation("customers").name;
    bench.cluster().with(|servers| {
        let project = servers.project.as_mut().expect("a state");
        project.value.fed.insert(name, flusso_runtime::Lsn::ZERO);
    });
}

#[tokio::test(start_paused = true)]
async fn fed_until_a_run_does_not_follow_a_live_generation_that_missed_changes() {
    let bench = Bench::applied().await;
    let_miss_changes(&bench);
    let error = bench.follow().ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    bench.apply().await.expect("another one is built");
    assert!(bench.generation("customers").name.ends_with("-2"));
    bench.world.commit(vec![customer(1, 50)]);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn swap_a_run_that_finds_a_generation_swapping_asks_the_alias() {
    let bench = Bench::applied().await;
    let_miss_changes(&bench);
    let process: Arc<Process> = Arc::default();
    process.kill_at(Call::SwapDone, 1, || {});
    assert!(bench.apply_in(&process).await.is_none());
    assert!(bench.cluster().with(|servers| servers.aliases["customers"].ends_with("-2")));
    bench.world.commit(vec![customer(1, 50), order(99, 1, 1)]);
    bench.catch_up().await;
    bench.assert_true();
    let old = bench
        .generations()
        .into_iter()
        .find(|own| own.name.starts_with("customers") && own.name.ends_with("-1"));
    assert_eq!(old.expect("it is kept").phase, GenerationPhase::Kept);
}

#[tokio::test(start_paused = true)]
async fn an_apply_without_changes_leaves_everything() {
    let bench = Bench::applied().await;
    let generations = bench.generations().len();
    let writes = bench.writes().len();
    bench.apply().await.expect("applied");
    assert_eq!((bench.generations().len(), bench.writes().len()), (generations, writes));
}

#[tokio::test(start_paused = true)]
async fn a_slot_without_a_state_is_refused_by_name() {
    let bench = Bench::applied().await;
    bench.cluster().with(|servers| {
        servers.project = None;
        servers.generations.clear();
    });
    let error = bench.apply().await.expect_err("nobody says whose slot it is");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert!(error.to_string().contains("flusso_memory"), "{error}");
    assert!(bench.cluster().with(|servers| servers.project.is_none()), "the next one refuses it too");
}

#[tokio::test(start_paused = true)]
async fn two_sinks_that_would_share_a_state_are_refused_before_anything_is_changed() {
    let mut bench = Bench::new(&["search", "second"]);
    let shared = bench.cluster().clone();
    bench.clusters.values_mut().for_each(|cluster| *cluster = shared.clone());
    let error = bench.apply().await.expect_err("both would write one state");
    assert_eq!(error.kind, ErrorKind::Findings);
    let [finding] = error.findings.as_slice() else { panic!("one finding: {:?}", error.findings) };
    assert_eq!(finding.lint, "duplicate-alias");
    assert!(finding.message.contains("`search` and `second` write to one cluster"), "{}", finding.message);
    assert!(bench.world.read(|inner| inner.publication.is_none() && inner.slot.is_none()));
}

/// An apply of the second index that is under way when something happens to a table of it.
async fn altered_at(call: Call, nth: u64) -> (Bench, flusso_runtime::Result<flusso_runtime::Applied>) {
    let bench = Bench::new(&["search"]);
    let process: Arc<Process> = Arc::default();
    let world = bench.world.clone();
    process.at(call, nth, move || {
        world.rewrite(Table::Customers);
        Ok(())
    });
    let applied = bench.apply_in(&process).await.expect("alive");
    (bench, applied)
}

#[tokio::test(start_paused = true)]
async fn swap_a_table_rewritten_while_its_index_is_filled_keeps_the_index_from_going_live() {
    for (call, nth) in [(Call::Build, 1), (Call::Finish, 1), (Call::Swap, 1), (Call::SwapDone, 1)] {
        let (bench, applied) = altered_at(call, nth).await;
        let error = applied.expect_err("the catalog changed");
        assert_eq!(error.kind, ErrorKind::Drift, "{error}");
        assert_ne!(bench.generation("customers").phase, GenerationPhase::Live, "{call:?}");
        bench.apply().await.expect("the next one begins that index again");
        bench.assert_true();
    }
}

#[tokio::test(start_paused = true)]
async fn swap_goes_back_to_the_old_generation_where_the_catalog_changed_during_it() {
    let bench = Bench::applied().await;
    let old = bench.generation("customers").name;
    let_miss_changes(&bench);
    let process: Arc<Process> = Arc::default();
    let world = bench.world.clone();
    process.at(Call::SwapDone, 1, move || {
        world.rewrite(Table::Customers);
        Ok(())
    });
    let error = bench.apply_in(&process).await.expect("alive").expect_err("the catalog changed");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert_eq!(bench.cluster().with(|servers| servers.aliases["customers"].clone()), old);
    assert!(bench.generation("customers").stale.is_some());
    bench.apply().await.expect("applied");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn an_alias_that_was_removed_is_put_back_and_one_that_was_moved_is_not_touched() {
    let bench = Bench::applied().await;
    let live = bench.cluster().with(|servers| servers.aliases.remove("customers")).expect("an alias");
    let applied = bench.apply().await.expect("applied");
    assert_eq!(applied.plan.steps[0].action, Action::Alias);
    assert_eq!(bench.cluster().with(|servers| servers.aliases["customers"].clone()), live);
    bench.cluster().with(|servers| servers.aliases.insert("customers".to_owned(), "foreign".to_owned()));
    let writes = bench.writes().len();
    let error = bench.apply().await.expect_err("it is not ours to move");
    assert_eq!((error.kind, error.findings[0].lint.as_str()), (ErrorKind::Drift, "alias-points-elsewhere"));
    assert_eq!(bench.cluster().with(|servers| servers.aliases["customers"].clone()), "foreign");
    assert_eq!(bench.writes().len(), writes);
    let running = bench.follow();
    let events = bench.events.clone();
    let reports = |event: &ProgressEvent| matches!(event, ProgressEvent::Finding(finding) if finding.lint == "alias-points-elsewhere");
    bench.until(|| events.said(reports)).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_real_difference_in_the_sample_has_every_document_compared_and_repaired_before_the_swap() {
    let bench = Bench::new(&["search"]);
    bench.world.commit((100..2_400).map(|id| customer(id, 1)).collect());
    let process: Arc<Process> = Arc::default();
    let cluster = bench.cluster().clone();
    // Every document is wrong at a version of ours, as after an ALTER that sent nothing.
    process.at(Call::Refresh, 1, move || {
        cluster.with(|servers| {
            let index = servers.indexes.values_mut().find(|index| index.documents().len() > 1_000);
            let index = index.expect("customers are filled");
            for id in index.documents().into_keys().collect::<Vec<_>>() {
                let version = index.entry(&id).expect("it is there").version;
                index.overwrite(&id, version - 1);
            }
        });
        Ok(())
    });
    let applied = bench.apply_in(&process).await.expect("alive").expect("applied");
    assert_eq!(applied.repaired, 2_303);
    assert!(bench.events.said(
        |event| matches!(event, ProgressEvent::Step(step) if step.starts_with("compare every document"))
    ));
    bench.assert_true();
}
