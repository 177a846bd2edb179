//! Rule *no-row-event*: where rows only may have been rewritten, every document is compared while the index
//! is followed, and it is stale only if one stays wrong.

use std::time::Duration;

use flusso_schemas::report::Action;
use flusso_schemas::state::{GenerationState, StaleCause};

use super::bench::{Bench, Events, customer, order};
use crate::memory::{Call, Process, Table};
use flusso_runtime::ErrorKind;
use flusso_runtime::progress::ProgressEvent;

/// Whether a comparison of every document of an index was said to begin or (`is_over`) to have ended.
fn compared(events: &Events, index: &str, is_over: bool) -> bool {
    let words = if is_over { "compared every document of" } else { "compare every document of" };
    events.said(
        |event| matches!(event, ProgressEvent::Step(step) if step.starts_with(&format!("{words} `{index}-"))),
    )
}

fn is_settled(bench: &Bench, before: &GenerationState) -> bool {
    let now = bench.generation(&before.index);
    assert_eq!((&now.name, &now.stale), (&before.name, &None));
    now.catalog != before.catalog
}

/// Rows that change without an event, as a rewriting ALTER does it.
fn change_silently(bench: &Bench, id: u64, value: u64) {
    let writer = bench.world.begin_uncarried();
    bench.world.commit_uncarried(writer, vec![customer(id, value)]);
}

#[tokio::test(start_paused = true)]
async fn maintenance_that_may_have_been_a_rewrite_has_every_document_compared_and_stops_nothing() {
    let bench = Bench::applied().await;
    let before = bench.generation("customers");
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    bench.world.maintain(Table::Customers);
    bench.until(|| is_settled(&bench, &before) || running.is_over()).await;
    assert!(compared(&bench.events, "customers", true));
    bench.world.commit(vec![customer(1, 70)]);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_doubt_from_before_the_start_is_settled_and_what_was_rewritten_is_repaired() {
    let bench = Bench::applied().await;
    let before = bench.generation("customers");
    change_silently(&bench, 2, 99);
    bench.world.maintain(Table::Customers);
    let running = bench.follow();
    bench.until(|| is_settled(&bench, &before) || running.is_over()).await;
    bench.assert_true();
    running.stop().await;
    let again = bench.follow();
    bench.pass_time(Duration::from_secs(70)).await;
    again.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_during_the_comparison_owes_it_to_the_next() {
    let bench = Bench::applied().await;
    let before = bench.generation("customers");
    change_silently(&bench, 2, 99);
    bench.world.maintain(Table::Customers);
    let process: std::sync::Arc<Process> = std::sync::Arc::default();
    process.kill_at(Call::Write, 1, || {});
    assert!(bench.follow_in(process).ended().await.is_none(), "killed in the repair");
    assert_eq!(bench.generation("customers").catalog, before.catalog);
    let running = bench.follow();
    bench.until(|| is_settled(&bench, &before) || running.is_over()).await;
    bench.assert_true();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rewrite_during_the_comparison_is_still_found() {
    let bench = Bench::applied().await;
    bench.world.maintain(Table::Customers);
    let process: std::sync::Arc<Process> = std::sync::Arc::default();
    let world = bench.world.clone();
    process.at(Call::BuildDone, 1, move || {
        world.rewrite(Table::Customers);
        Ok(())
    });
    let error = bench.follow_in(process).ended().await.expect("alive").expect_err("it stops");
    assert!(error.message.contains("an ALTER rewrote the rows of `shop.customers`"), "{error}");
    assert_eq!(bench.generation("customers").stale.expect("a mark").cause, StaleCause::TableRewritten);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_stays_wrong_marks_the_index_and_an_apply_builds_another() {
    let bench = Bench::applied().await;
    let name = bench.generation("customers").name;
    bench.world.maintain(Table::Customers);
    change_silently(&bench, 2, 99);
    // Whatever is repaired is changed again where nobody sees it.
    let (process, world) = (std::sync::Arc::<Process>::default(), bench.world.clone());
    let mut value = 100;
    process.set_chaos(move |call| {
        if call == Call::WriteDone {
            value += 1;
            let writer = world.begin_uncarried();
            world.commit_uncarried(writer, vec![customer(2, value)]);
        }
        Ok(())
    });
    let error = bench.follow_in(process).ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    let words = "the rows of `shop.customers` may have been rewritten, and 1 document of `customers` differs";
    assert!(error.message.contains(words), "{error}");
    let stale = bench.generation("customers").stale.expect("a mark");
    assert_eq!(stale.cause, StaleCause::TableMaybeRewritten);
    bench.apply().await.expect("applied");
    bench.assert_true();
    assert_ne!(bench.generation("customers").name, name);
}

#[tokio::test(start_paused = true)]
async fn an_apply_compares_what_is_in_doubt_and_builds_nothing() {
    let bench = Bench::applied().await;
    let before = bench.generation("customers");
    change_silently(&bench, 2, 99);
    bench.world.maintain(Table::Customers);
    let applied = bench.apply().await.expect("applied");
    let customers = applied.plan.steps.iter().find(|step| step.index == "customers").expect("a step");
    assert_eq!(customers.action, Action::Unchanged);
    let why = "the rows of `shop.customers` may have been rewritten: every document is compared";
    assert_eq!(customers.reason.as_deref(), Some(why));
    assert_eq!(applied.repaired, 3, "a customer and two orders");
    assert!(is_settled(&bench, &before));
    bench.assert_true();
    bench.world.commit(vec![order(10, 1, 5)]);
    bench.catch_up().await;
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn maintenance_during_a_fill_has_every_document_compared_before_the_swap() {
    let bench = Bench::new(&["search"]);
    let process: std::sync::Arc<Process> = std::sync::Arc::default();
    let world = bench.world.clone();
    process.at(Call::FlushDone, 1, move || {
        world.maintain(Table::Customers);
        let writer = world.begin_uncarried();
        world.commit_uncarried(writer, vec![customer(2, 99)]);
        Ok(())
    });
    bench.apply_in(&process).await.expect("alive").expect("applied");
    assert!(compared(&bench.events, "customers", false));
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn maintenance_around_the_swap_ends_the_apply_and_the_next_one_compares() {
    for moment in [Call::Swap, Call::SwapDone] {
        let bench = Bench::new(&["search"]);
        let process: std::sync::Arc<Process> = std::sync::Arc::default();
        let world = bench.world.clone();
        process.at(moment, 1, move || {
            world.maintain(Table::Customers);
            let writer = world.begin_uncarried();
            world.commit_uncarried(writer, vec![customer(2, 99)]);
            Ok(())
        });
        let error = bench.apply_in(&process).await.expect("alive").expect_err("it was not compared");
        assert_eq!(error.kind, ErrorKind::Busy, "{error}");
        assert!(bench.generations().iter().all(|own| own.stale.is_none()));
        bench.apply().await.expect("applied");
        bench.assert_true();
    }
}
