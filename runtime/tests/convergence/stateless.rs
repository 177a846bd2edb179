//! A sink that keeps nothing, as stdout.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, customer};
use crate::memory::{Call, Process, lock_for};

fn bench() -> Bench {
    let mut bench = Bench::new(&["stdout"]);
    bench.lock = Arc::new(lock_for(&[]));
    bench.cluster().with(|servers| servers.keeps_nothing = true);
    bench
}

fn assert_true(bench: &Bench) {
    bench.cluster().with(|servers| {
        for index in ["customers", "orders"] {
            servers.aliases.insert(index.to_owned(), index.to_owned());
        }
    });
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_sink_without_state_is_filled_once_and_followed_from_the_slots_own_position() {
    let bench = bench();
    bench.apply().await.expect("applied");
    assert_true(&bench);
    bench.world.commit(vec![customer(1, 50)]);
    let running = bench.follow();
    bench.pass_time(Duration::from_secs(5)).await;
    bench.world.commit(vec![customer(2, 50)]);
    bench.wait_confirmed().await;
    running.stop().await;
    assert_true(&bench);
}

#[tokio::test(start_paused = true)]
async fn a_sink_without_state_is_filled_anew_after_an_interruption() {
    let bench = bench();
    let process: Arc<Process> = Arc::default();
    process.kill_at(Call::WriteDone, 1, || {});
    assert!(bench.apply_in(&process).await.is_none());
    bench.world.commit(vec![customer(1, 50)]);
    bench.apply().await.expect("applied");
    bench.catch_up().await;
    assert_true(&bench);
}
