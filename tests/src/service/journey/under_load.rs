//! A hundred thousand orders, filled while they change all the time, in little memory.

use std::fs;
use std::thread;
use std::time::Duration;

use xtask::fixtures::SHOP;

use crate::rig::{Rig, Writers};

/// Longest time for the whole apply on a machine that does everything else as well.
const APPLY_PATIENCE: Duration = Duration::from_secs(600);
/// Pause between two transactions of the writer: some fifty a second, each over several documents.
const WRITER_PAUSE: Duration = Duration::from_millis(15);
/// Most memory that the runner may ever have held.
const MEMORY_MEGABYTES_MAX: u64 = 64;

#[test]
fn a_hundred_thousand_orders_are_right_though_they_change_all_the_time() {
    let mut rig = Rig::new(SHOP, 1.0);
    rig.flusso(&["compile"]).assert_code(0);
    let writer = Writers::start([writing(&rig)]);
    let mut apply = rig.start(&["apply", "--follow"]);
    assert!(apply.says_within("following changes", APPLY_PATIENCE), "it still applies: {}", apply.said());
    let rounds = writer.stop();
    assert!(rounds > 20, "it wrote {rounds} rounds only");
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    let peak = peak_megabytes(apply.pid());
    assert!(peak < MEMORY_MEGABYTES_MAX, "the runner held {peak} MB");
    apply.stop().assert_code(0);
}

fn writing(rig: &Rig) -> impl FnMut() -> u64 + Send + use<> {
    let mut sql = rig.session();
    let mut round = 0;
    move || {
        let id = round * 37 % 99_000 + 1;
        sql.query(&format!(
            "begin; update shop.orders set note = 'round {round}' where id between {id} and {id} + 5; \
             update shop.order_items set quantity = quantity + 1 where order_id = {id}; \
             delete from shop.order_items where order_id = {id} + 1 and line = 1; \
             update shop.products set price = least(price, 1000) + 1 where id = {id} % 50000 + 1; commit"
        ))
        .expect("a round of changes");
        round += 1;
        thread::sleep(WRITER_PAUSE);
        1
    }
}

fn peak_megabytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the kernel says the peak");
    let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kilobytes / 1024
}
