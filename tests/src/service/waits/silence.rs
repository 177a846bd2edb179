//! Connections that stay open while nothing comes any more.

use tempfile::tempdir;
use xtask::fixtures::SHOP;
use xtask::services::postgres::Cluster;

use crate::rig::{Hole, Rig};

/// A shop whose statements are given up soon.
fn hasty(rig: Rig) -> Rig {
    rig.edit("flusso.yml", "    schema: shop", "    schema: shop\n    statement_timeout: 2s");
    rig
}

#[test]
fn a_network_that_swallows_everything_is_noticed_and_run_goes_on_when_it_is_back() {
    let mut rig = hasty(Rig::new(SHOP, 0.005));
    rig.compile_and_apply();
    let hole = rig.database_through(Hole::start);
    let mut follower = rig.follow();
    rig.run(&["update shop.users set name = 'before' where id = 1"]);
    rig.wait_for_document("users", "1", |user| user.is_some_and(|user| user["name"] == "before"));
    hole.swallow();
    rig.run(&["update shop.users set name = 'behind' where id = 1"]);
    follower.wait_for("retrying");
    hole.open();
    follower.wait_for("recovered after");
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop_in_time().assert_code(0);
}

#[test]
fn frozen_backends_are_given_up_and_documents_are_right_afterwards() {
    let folder = tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster of its own");
    let mut rig = hasty(Rig::on_cluster(SHOP, 0.005, &cluster));
    rig.compile_and_apply();
    for purpose in ["control", "documents"] {
        let mut follower = rig.follow();
        let frozen = rig.freeze(purpose);
        rig.run(&[&format!("update shop.users set name = '{purpose}' where id < 20")]);
        follower.wait_for("retrying");
        rig.assert_becomes_right("users");
        frozen.thaw();
        follower.stop_in_time().assert_code(0);
    }
}

#[test]
fn a_server_that_takes_connections_and_never_answers_is_named_by_every_command() {
    let mut rig = hasty(Rig::new(SHOP, 0.005));
    rig.compile_and_apply();
    let hole = rig.database_through(Hole::start);
    hole.swallow();
    // Beside each other: each waits until its own bound is over.
    let commands = ["check", "apply"].map(|command| rig.start(&[command]));
    for command in commands {
        command.wait().assert_code(3).assert_said("no answer within 10 s");
    }
}
