//! Servers that are down or take no writes: waited for, with one line when it begins and one when it is
//! over.

use std::thread;
use std::time::Duration;

use xtask::fixtures::SHOP;

use crate::rig::{Hole, Rig};

/// Long enough for several attempts.
const OUTAGE: Duration = Duration::from_secs(7);

fn lines_with(text: &str, said: &str) -> usize {
    said.lines().filter(|line| line.contains(text)).count()
}

#[test]
fn run_waits_for_servers_that_are_down_at_the_start_and_apply_names_them() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let url = rig.database_url();
    let down = rig.database_through(Hole::refusing);
    // Beside the follower: it tries until its own bound is over.
    let apply = rig.start(&["apply"]);
    rig.set_database(&url);
    let (database, opensearch) =
        (rig.database_through(Hole::refusing), rig.opensearch_through(Hole::refusing));
    let mut follower = rig.start(&["run"]);
    follower.wait_for("retrying");
    thread::sleep(OUTAGE);
    opensearch.open();
    follower.wait_for(&database.address());
    thread::sleep(OUTAGE);
    database.open();
    follower.wait_for("following changes");
    follower.wait_for("recovered after");
    let done = follower.stop_in_time().assert_code(0);
    assert_eq!(lines_with("retrying", &done.stderr), 2, "a line a server:\n{}", done.stderr);
    let done = apply.wait().assert_code(3).assert_said(&down.address());
    assert_eq!(lines_with("retrying", &done.stderr), 1, "{}", done.stderr);
}

#[test]
fn an_outage_of_either_server_is_reported_in_two_lines() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let (database, opensearch) = (rig.database_through(Hole::start), rig.opensearch_through(Hole::start));
    for (hole, over) in [(&database, "recovered after"), (&opensearch, "answers again after")] {
        let mut follower = rig.follow();
        hole.refuse();
        rig.run(&["update shop.users set name = name || '+' where id < 20"]);
        follower.wait_for("retrying");
        thread::sleep(OUTAGE);
        hole.open();
        follower.wait_for(over);
        rig.assert_becomes_right("users");
        let done = follower.stop_in_time().assert_code(0);
        assert_eq!(lines_with("retrying", &done.stderr), 1, "{}", done.stderr);
        assert_eq!(lines_with(" after ", &done.stderr), 1, "{}", done.stderr);
    }
}

#[test]
fn a_full_disk_is_waited_for_by_run_and_ends_apply_by_name() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let mut follower = rig.follow();
    let users = rig.generations().into_iter().find(|name| name.contains("_users-")).expect("it is live");
    let path = format!("/{users}/_settings");
    rig.request("PUT", &path, "{\"index.blocks.read_only_allow_delete\": true}");
    rig.run(&["update shop.users set name = name || '+' where id < 20"]);
    follower.wait_for("flood-stage watermark");
    rig.flusso(&["apply"]).assert_code(1).assert_said("does not accept writes");
    thread::sleep(OUTAGE);
    rig.request("PUT", &path, "{\"index.blocks.read_only_allow_delete\": null}");
    follower.wait_for("recovered after");
    rig.assert_becomes_right("users");
    let done = follower.stop_in_time().assert_code(0);
    assert_eq!(lines_with("flood-stage watermark", &done.stderr), 1, "{}", done.stderr);
}

#[test]
fn a_database_that_does_not_exist_ends_run_at_once() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    let url = rig.database_url();
    rig.set("SHOP_DATABASE_URL", &format!("{}_missing", url));
    rig.flusso(&["run"]).assert_code(3).assert_said("has no database");
}
