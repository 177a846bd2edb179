//! Nothing goes wrong, and everything is right.

use super::bench::{Bench, customer, gone, item, order};
use crate::memory::Table;

#[tokio::test(start_paused = true)]
async fn an_apply_fills_and_a_run_follows_every_kind_of_change() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.world.commit(vec![customer(4, 40), order(40, 4, 1), item(400, 40, 1)]);
    bench.world.commit(vec![order(10, 4, 7)]);
    bench.world.commit(vec![item(100, 20, 9)]);
    bench.world.commit(vec![gone(Table::Items, 200), gone(Table::Orders, 31), gone(Table::Customers, 2)]);
    bench.wait_confirmed().await;
    bench.assert_true();
    running.stop().await;
}
