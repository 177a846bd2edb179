//! A request to stop is honoured within 5 s, whatever a server does.

use std::time::Duration;

use tempfile::tempdir;
use xtask::fixtures::SHOP;
use xtask::services::Frozen;
use xtask::services::opensearch::Node;
use xtask::services::postgres::Cluster;

use crate::rig::{Hole, Rig, Running, shared_postgres};

/// Long enough for the follower to be inside what cannot go on.
const INSIDE: Duration = Duration::from_millis(700);

/// A follower that has something to do for a change, and what hinders it.
fn busy<H>(rig: &mut Rig, hinder: impl FnOnce(&mut Rig) -> H) -> (Running, H) {
    let follower = rig.follow();
    let hindrance = hinder(rig);
    rig.run(&["update shop.users set name = name || '+' where id < 50"]);
    std::thread::sleep(INSIDE);
    (follower, hindrance)
}

#[test]
fn run_stops_in_time_whatever_is_frozen_silent_or_locked() {
    let folder = tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster of its own");
    let mut rig = Rig::on_cluster(SHOP, 0.005, &cluster);
    rig.compile_and_apply();
    for purpose in ["control", "documents", "stream"] {
        let (follower, frozen) = busy(&mut rig, |rig| rig.freeze(purpose));
        let done = follower.stop_in_time();
        frozen.thaw();
        done.assert_code(0);
    }
    let silent = rig.database_through(Hole::start);
    busy(&mut rig, |_| silent.swallow()).0.stop_in_time().assert_code(0);
    silent.open();
    let frozen = rig.opensearch_through(Hole::start);
    busy(&mut rig, |_| frozen.swallow()).0.stop_in_time().assert_code(0);
}

#[test]
fn run_stops_in_time_behind_a_lock_that_nobody_releases() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    let mut locker = rig.session();
    locker.query("begin").expect("a transaction");
    locker.query("lock table shop.users in access exclusive mode").expect("the lock");
    // Users are part of these documents as well, so that building them waits for the lock.
    rig.run(&["update shop.orders set note = 'behind a lock' where id < 50"]);
    std::thread::sleep(INSIDE);
    follower.stop_in_time().assert_code(0);
}

#[test]
fn apply_stops_in_time_at_every_step_and_goes_on_from_there() {
    let mut rig = Rig::new(SHOP, 0.02);
    rig.flusso(&["compile"]).assert_code(0);
    let database = rig.database_through(Hole::start);
    let opensearch = rig.opensearch_through(Hole::start);
    let steps = [
        "provision",
        "waiting for transactions",
        "backfill `orders`",
        "backfill `users`",
        "verify `",
        "swap alias",
    ];
    for step in steps {
        let mut apply = rig.start(&["apply"]);
        apply.wait_for(step);
        database.swallow();
        opensearch.swallow();
        let done = apply.stop_in_time();
        database.open();
        opensearch.open();
        done.assert_code(5).assert_said("run `flusso apply` again");
    }
    rig.flusso(&["apply"]).assert_code(0);
    for index in ["orders", "products", "users"] {
        rig.assert_right(index);
    }
}

#[test]
fn a_frozen_index_server_delays_no_stop_and_its_return_is_reported() {
    let folder = tempdir().expect("a folder");
    let node = Node::start(folder.path(), 512).expect("a node of its own");
    let process = node.pid().expect("it runs");
    let mut rig = Rig::over(SHOP, 0.005, &shared_postgres(), &node.url);
    rig.edit(
        "flusso.yml",
        "url: \"${OPENSEARCH_URL}\"",
        "url: \"${OPENSEARCH_URL}\"\n      bulk: { timeout: 4s }",
    );
    rig.compile_and_apply();
    let freeze = |_: &mut Rig| Frozen::freeze(&[process]).expect("a shell starts");
    let (follower, frozen) = busy(&mut rig, freeze);
    follower.stop_in_time().assert_code(0);
    frozen.thaw();
    let (mut follower, frozen) = busy(&mut rig, freeze);
    follower.wait_for("does not answer");
    frozen.thaw();
    follower.wait_for("answers again after");
    rig.assert_becomes_right("users");
    follower.stop_in_time().assert_code(0);
}

#[test]
fn a_thread_that_looks_something_up_for_ever_does_not_hold_the_end() {
    let mut rig = Rig::new(SHOP, 0.001);
    let command = "[sh, -c, \"[ ! -e hang ] || exec sleep 60 2>&-; printenv SHOP_DATABASE_URL\"]";
    rig.edit("flusso.yml", "url: \"${SHOP_DATABASE_URL}\"", &format!("url: {{ command: {command} }}"));
    rig.set("FLUSSO_ALLOW_COMMANDS", "true");
    rig.compile_and_apply();
    std::fs::write(rig.path("hang"), "").expect("a file of ours");
    for command in ["run", "apply"] {
        let hanging = rig.start(&[command]);
        std::thread::sleep(INSIDE);
        hanging.stop_in_time();
    }
}
