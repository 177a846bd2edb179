//! Whatever is killed at whatever moment: the next start ends with every document right.

use std::thread;
use std::time::Duration;

use tempfile::tempdir;
use xtask::fixtures::SHOP;
use xtask::services::opensearch::Node;
use xtask::services::postgres::{Cluster, Connection};

use crate::rig::{Rig, shared_postgres};

const INDEXES: [&str; 3] = ["orders", "products", "users"];

/// Rounds of changes, each a transaction over several tables and documents.
fn change(sql: &mut Connection, round: usize) {
    let id = round % 90 + 1;
    let statements = [
        format!("update shop.order_items set quantity = {round} where order_id between {id} and {}", id + 5),
        format!("update shop.users set name = 'round {round}' where id = {id}"),
        format!(
            "update shop.products set name = 'round {round}', active = {} where id = {id}",
            round.is_multiple_of(2)
        ),
        format!("delete from shop.order_items where order_id = {id} and line = 2"),
        format!(
            "insert into shop.order_items (order_id, line, product_id, quantity, price) \
             values ({id}, {}, {id}, 1, 2.50)",
            1000 + round
        ),
        format!("update shop.orders set user_id = {} where id = {id}", round % 40 + 1),
    ];
    sql.query(&format!("begin; {}; commit", statements.join("; "))).expect("a round of changes");
}

#[test]
fn kill_9_of_the_runner_during_backfill_loses_nothing() {
    let mut rig = Rig::new(SHOP, 0.2);
    rig.flusso(&["compile"]).assert_code(0);
    for round in 0..3 {
        let mut apply = rig.start(&["apply"]);
        apply.wait_for("backfill `orders`");
        thread::sleep(Duration::from_millis(150 * round));
        change(&mut rig.sql, usize::try_from(round).expect("small"));
        apply.kill9();
    }
    rig.flusso(&["apply"]).assert_code(0);
    for index in INDEXES {
        rig.assert_right(index);
    }
}

#[test]
fn kill_9_of_the_runner_while_following_loses_nothing() {
    let mut rig = Rig::new(SHOP, 0.02);
    rig.compile_and_apply();
    for round in 0..4 {
        let follower = rig.follow();
        for step in 0..15 {
            change(&mut rig.sql, round * 15 + step);
        }
        thread::sleep(Duration::from_millis(40 * round as u64));
        follower.kill9();
    }
    let follower = rig.follow();
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn kill_9_of_the_index_server_during_backfill_and_following_loses_nothing() {
    let folder = tempdir().expect("a folder");
    let mut node = Node::start(folder.path(), 512).expect("a node of its own");
    let mut rig = Rig::over(SHOP, 0.1, &shared_postgres(), &node.url);
    rig.flusso(&["compile"]).assert_code(0);
    let mut apply = rig.start(&["apply"]);
    apply.wait_for("backfill `orders`");
    node.kill9();
    change(&mut rig.sql, 50);
    node.restart().expect("it starts again");
    let interrupted = apply.wait();
    if interrupted.code != 0 {
        rig.flusso(&["apply"]).assert_code(0);
    }
    for index in INDEXES {
        rig.assert_right(index);
    }
    let follower = rig.follow();
    for round in 0..10 {
        change(&mut rig.sql, round);
    }
    node.kill9();
    for round in 10..20 {
        change(&mut rig.sql, round);
    }
    node.restart().expect("it starts again");
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn kill_9_of_the_database_while_following_loses_nothing() {
    let folder = tempdir().expect("a folder");
    let mut cluster = Cluster::start(folder.path(), &[("synchronous_commit", "off")]).expect("a cluster");
    let mut rig = Rig::on_cluster(SHOP, 0.02, &cluster);
    rig.compile_and_apply();
    let follower = rig.follow();
    for round in 0..20 {
        change(&mut rig.sql, round);
    }
    cluster.kill9();
    cluster.restart().expect("it starts again");
    rig.sql = rig.session();
    for round in 20..30 {
        change(&mut rig.sql, round);
    }
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}
