//! Rule *stale*: an index that lost a change is marked, nothing of it is confirmed, and only another
//! index beside it brings it back.

use std::sync::Arc;

use flusso_schemas::report::Action;
use flusso_schemas::state::{GenerationPhase, StaleCause};

use super::bench::{Bench, customer};
use crate::memory::{Call, Change, Process, Row, Table};
use flusso_runtime::ErrorKind;

fn written_renamed(id: u64, value: u64) -> Change {
    Change::PutRenamed(Table::Customers, id, Some(Row { parent: 0, value, hidden: false }))
}

#[tokio::test(start_paused = true)]
async fn relation_identity_a_row_written_under_another_name_stops_and_is_never_confirmed() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.wait_confirmed().await;
    let before = bench.slot_position();
    bench.world.commit(vec![written_renamed(1, 50)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert!(error.message.contains("written under another name"), "{error}");
    let marked = bench.generation("customers");
    assert_eq!(marked.stale.expect("a mark").cause, StaleCause::TableReplaced);
    assert_eq!(bench.slot_position(), before);
    let again = bench.follow().ended().await.expect("alive").expect_err("the mark stays");
    assert!(again.message.contains("written under another name"), "{again}");
    assert_eq!(bench.slot_position(), before);
}

#[tokio::test(start_paused = true)]
async fn an_apply_builds_another_index_beside_one_that_lost_a_change() {
    let bench = Bench::applied().await;
    let (customers, orders) = (bench.generation("customers").name, bench.generation("orders").name);
    bench.world.commit(vec![note_renamed()]);
    let error = bench.follow().ended().await.expect("alive").expect_err("it stops");
    assert!(
        error.help.expect("it says what to do").contains("then `flusso apply`: it builds that index again")
    );
    bench.apply().await.expect("the change comes again, and its chunks have read it");
    bench.assert_true();
    let live = |index: &str| {
        let name = bench.generation(index).name;
        (name, bench.generation(index).phase)
    };
    assert_eq!(live("customers"), (customers, GenerationPhase::Live), "it reads no notes");
    assert!(bench.generations().iter().any(|own| {
        own.index == "orders"
            && own.name != orders
            && own.phase == GenerationPhase::Live
            && own.stale.is_none()
    }));
    bench.world.commit(vec![customer(2, 60)]);
    let running = bench.follow();
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

/// A row of a table that only orders read, written under another name.
fn note_renamed() -> Change {
    Change::PutRenamed(Table::Notes, 1, Some(Row { parent: 1, value: 9, hidden: false }))
}

#[tokio::test(start_paused = true)]
async fn one_apply_brings_back_what_several_changes_were_lost_for() {
    let bench = Bench::applied().await;
    bench.world.with(|inner| inner.burst = 1);
    bench.world.commit(vec![note_renamed()]);
    bench.world.commit(vec![customer(3, 33)]);
    bench.world.commit(vec![written_renamed(1, 50)]);
    let error = bench.follow().ended().await.expect("alive").expect_err("it stops at the first");
    assert!(error.message.contains("`shop.notes`"), "{error}");
    assert_eq!(bench.generation("customers").stale, None, "the run has not come to the second");
    let applied = bench.apply().await.expect("both are built again");
    bench.assert_true();
    let built = applied.plan.steps.iter().find(|step| step.index == "customers").expect("a step");
    assert_eq!(built.action, Action::Rebuild, "the plan that was carried out is the one that is told");
    bench.world.commit(vec![customer(2, 60)]);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_a_chunk_has_read_is_not_lost_when_it_comes_again() {
    let bench = Bench::applied().await;
    bench.world.commit(vec![note_renamed()]);
    bench.follow().ended().await.expect("alive").expect_err("it stops");
    let before = bench.project().confirmed.expect("confirmed").position;
    let process: Arc<Process> = Arc::default();
    let (cluster, killed) = (bench.cluster().clone(), process.clone());
    process.set_chaos(move |call| {
        let has_closed = |servers: &mut crate::memory::Servers| {
            let mut all = servers.generations.values();
            all.any(|own| own.value.phase == GenerationPhase::Filling && !own.value.ranges.is_empty())
        };
        if call == Call::StateGenerationDone && cluster.with(has_closed) {
            killed.kill();
        }
        Ok(())
    });
    assert!(bench.apply_in(&process).await.is_none());
    assert_eq!(bench.project().confirmed.expect("confirmed").position, before, "the change comes again");
    let filling = bench.generation("orders").name;
    bench.apply().await.expect("gone on with");
    bench.assert_true();
    assert_eq!(bench.generation("orders").name, filling);
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_changed_while_a_run_follows_marks_the_index_for_good() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(std::time::Duration::from_secs(5)).await;
    bench.world.retype(Table::Customers);
    bench.pass_time(std::time::Duration::from_secs(61)).await;
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    for index in ["customers", "orders"] {
        let mark = bench.generation(index).stale.expect("both read it");
        assert_eq!(mark.cause, StaleCause::ColumnRetyped);
        assert_eq!(mark.reason, "column `shop.customers.value` has another type");
    }
    bench.apply().await.expect("applied");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_lost_during_a_backfill_ends_the_apply_and_the_next_one_is_right() {
    let bench = Bench::new(&["search"]);
    bench.world.commit(vec![customer(1, 1)]);
    let process: Arc<Process> = Arc::default();
    let world = bench.world.clone();
    process.at(Call::BuildDone, 1, move || {
        world.commit(vec![written_renamed(1, 50)]);
        Ok(())
    });
    let error = bench.apply_in(&process).await.expect("alive").expect_err("a chunk may lack it");
    assert_eq!(error.kind, ErrorKind::Drift);
    assert!(bench.generations().iter().any(|own| own.stale.is_some()), "{error}");
    bench.apply().await.expect("begun again, behind the change");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn no_row_event_an_alter_that_rewrites_rows_marks_the_index() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.pass_time(std::time::Duration::from_secs(5)).await;
    bench.world.rewrite(Table::Notes);
    bench.pass_time(std::time::Duration::from_secs(61)).await;
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert!(error.message.contains("an ALTER rewrote the rows of `shop.notes`"), "{error}");
    assert_eq!(bench.generation("orders").stale.expect("it reads notes").cause, StaleCause::TableRewritten);
    assert_eq!(bench.generation("customers").stale, None);
}
