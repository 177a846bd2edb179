//! What is done to servers behind a follower's back: each ends with one error that names it and the way on.

use xtask::fixtures::SHOP;

use crate::rig::Rig;

#[test]
fn a_publication_that_is_dropped_while_following_is_named_with_the_way_on() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&[
        &format!("drop publication flusso_{}", rig.name),
        "update shop.orders set note = 'undecodable' where id < 5",
    ]);
    let done = follower.wait().assert_code(4);
    done.assert_said(&format!("publication `flusso_{}` was dropped", rig.name))
        .assert_said("pg_drop_replication_slot")
        .assert_said("then run `flusso apply`");
}

#[test]
fn a_closed_index_is_named_by_every_command_with_how_to_open_it() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let orders = rig.generations().into_iter().find(|name| name.contains("_orders-")).expect("an index");
    let follower = rig.follow();
    rig.request("POST", &format!("/{orders}/_close"), "");
    rig.run(&["update shop.orders set note = 'while closed' where id < 5"]);
    let words = format!("index `{orders}` is closed");
    let way_on = format!("POST /{orders}/_open");
    follower.wait().assert_code(4).assert_said(&words).assert_said(&way_on);
    rig.flusso(&["run"]).assert_code(4).assert_said(&words).assert_said(&way_on);
    rig.flusso(&["apply"]).assert_code(1).assert_said("index closed").assert_said("_open");
    rig.request("POST", &format!("/{orders}/_open"), "");
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
}

/// Lets the binary log in as a role of its own that may do what it has to, and owns nothing.
fn role(rig: &mut Rig) -> String {
    let role = format!("{}_reader", rig.name);
    rig.run(&[
        &format!("create role {role} login replication"),
        &format!("grant usage on schema shop to {role}"),
        &format!("grant select on all tables in schema shop to {role}"),
    ]);
    let url = rig.database_url().replacen("postgres@", &format!("{role}@"), 1);
    rig.set("SHOP_DATABASE_URL", &url);
    role
}

fn drop_role(rig: &mut Rig, role: &str) {
    rig.run(&[&format!("drop owned by {role}"), &format!("drop role {role}")]);
}

#[test]
fn a_privilege_that_is_revoked_while_following_is_told_as_one() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let role = role(&mut rig);
    let follower = rig.follow();
    rig.run(&[
        &format!("revoke select on shop.users from {role}"),
        "update shop.orders set note = 'unreadable' where id < 5",
    ]);
    let done = follower.wait().assert_code(4).assert_said("permission denied for table users");
    assert!(
        done.stderr.contains("flusso apply --dry-run") && !done.stderr.contains("compile"),
        "{}",
        done.stderr
    );
    let statement = format!("grant select on \"shop\".\"users\" to \"{role}\"");
    rig.flusso(&["apply", "--dry-run"]).assert_code(1).assert_said(&statement);
    rig.run(&[&statement]);
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
    drop_role(&mut rig, &role);
}

#[test]
fn a_statement_timeout_that_lets_nothing_pass_is_named() {
    let rig = Rig::new(SHOP, 0.002);
    rig.edit("flusso.yml", "schema: shop", "schema: shop\n    statement_timeout: 1ms");
    rig.flusso(&["compile"]).assert_code(5).assert_said("source.postgres.statement_timeout");
}
