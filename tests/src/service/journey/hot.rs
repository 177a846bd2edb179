//! An apply beside sessions that write every table as fast as they can.

use std::time::{Duration, Instant};

use xtask::fixtures::SHOP;

use crate::rig::{Rig, Writers};

/// Applies in a row.
const ROUNDS: usize = 2;
/// Sessions that write.
const WRITERS: usize = 3;
/// Longest time for one apply on a machine that does everything else as well.
const APPLY_PATIENCE: Duration = Duration::from_secs(420);

#[test]
fn an_apply_beside_three_sessions_that_never_pause_finds_no_document_wrong() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    for round in 0..rounds {
        apply_beside_writers(round);
    }
}

fn apply_beside_writers(round: usize) {
    let mut rig = Rig::new(SHOP, 0.02);
    rig.flusso(&["compile"]).assert_code(0);
    let writers = Writers::start((0..WRITERS).map(|writer| writing(&rig, writer)));
    let alone = Instant::now();
    let mut apply = rig.start(&["apply"]);
    assert!(apply.says_within("verify", APPLY_PATIENCE), "it still fills: {}", apply.said());
    let verifying = Instant::now();
    let done = apply.wait();
    let (verified, whole) = (verifying.elapsed(), alone.elapsed());
    let transactions = writers.stop();
    eprintln!(
        "round {round}: {:.0} transactions/s, verified and swapped in {:.1} s of {:.1} s",
        transactions as f64 / whole.as_secs_f64(),
        verified.as_secs_f64(),
        whole.as_secs_f64()
    );
    let done = done.assert_code(0);
    assert!(!done.stderr.contains("repaired"), "nothing was wrong:\n{}", done.stderr);
    assert!(!done.stderr.contains("every document"), "nothing was wrong:\n{}", done.stderr);
    let follower = rig.follow();
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

/// Writes without a pause: every table, in transactions of several statements, rows that come and go.
fn writing(rig: &Rig, writer: usize) -> impl FnMut() -> u64 + Send + use<> {
    let mut sql = rig.session();
    let mut number = writer as u64;
    move || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let statement = statement(number >> 33, writer);
        // Two writers may wait for each other's rows; the server ends one of them.
        match sql.query(&statement) {
            Ok(_) => 1,
            Err(error) if error.to_string().contains("deadlock") => {
                sql.query("rollback").expect("the session goes on");
                0
            }
            Err(error) => panic!("{statement}: {error}"),
        }
    }
}

fn statement(id: u64, writer: usize) -> String {
    let (order, user, product) = (id % 1_900 + 1, id % 390 + 1, id % 900 + 1);
    match id % 9 {
        0 => format!("update shop.orders set note = 'note {id}' where id between {order} and {order} + 3"),
        1 => format!("update shop.order_items set quantity = {id} % 7 where order_id = {order}"),
        2 => format!(
            "begin; delete from shop.order_items where order_id = {order} and line >= 1000; \
             insert into shop.order_items (order_id, line, product_id, quantity, price) \
             values ({order}, 1000 + {writer}, {product}, 1, 2.50) on conflict do nothing; commit"
        ),
        3 => format!("update shop.users set name = 'name {id}', deleted_at = null where id = {user}"),
        4 => format!("update shop.users set deleted_at = now() where id = {user}"),
        5 => {
            format!("update shop.products set stock = {id} % 500, active = {id} % 3 > 0 where id = {product}")
        }
        6 => format!(
            "begin; update shop.addresses set city = 'city {id}' where user_id = {user}; \
             insert into shop.reviews (product_id, user_id, stars, created_at) \
             values ({product}, {user}, {id} % 5 + 1, now()); commit"
        ),
        7 => format!("update shop.categories set name = 'category {id}' where id = {id} % 110 + 10"),
        _ => format!(
            "begin; delete from shop.product_categories where product_id = {product}; \
             insert into shop.product_categories (product_id, category_id) \
             values ({product}, {id} % 110 + 1) on conflict do nothing; \
             delete from shop.reviews where product_id = {product}; commit"
        ),
    }
}
