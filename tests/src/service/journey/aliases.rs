//! Whose an alias is: put back where it was removed, never taken from someone else, never left unsaid.

use serde_json::{Value, json};
use xtask::fixtures::SHOP;

use crate::rig::Rig;

/// Concrete indexes behind the alias of `orders`.
fn targets(rig: &Rig) -> Vec<String> {
    let (status, text) = rig.request("GET", &format!("/_alias/{}_orders", rig.name), "");
    if status == 404 {
        return Vec::new();
    }
    let found: Value = serde_json::from_str(&text).expect("JSON");
    found.as_object().expect("an object").keys().cloned().collect()
}

fn move_alias(rig: &Rig, actions: Value) {
    let (status, text) = rig.request("POST", "/_aliases", &json!({ "actions": actions }).to_string());
    assert_eq!(status, 200, "{text}");
}

fn alias(rig: &Rig) -> String {
    format!("{}_orders", rig.name)
}

#[test]
fn an_alias_that_was_removed_is_reported_by_run_and_put_back_by_apply() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let live = targets(&rig);
    move_alias(&rig, json!([{ "remove": { "index": live[0], "alias": alias(&rig) } }]));
    let mut follower = rig.start(&["run"]);
    follower.wait_for("alias-missing");
    follower.stop().assert_code(0);
    rig.run(&["update shop.orders set note = 'unseen' where id = 1"]);
    let done = rig.flusso(&["apply", "--dry-run"]).assert_code(0).assert_said("it is restored");
    assert!(done.stderr.contains("  alias "), "{}", done.stderr);
    assert_eq!(targets(&rig), [""; 0], "a dry run changes nothing");
    rig.flusso(&["apply"]).assert_code(0);
    assert_eq!(targets(&rig), live);
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
}

#[test]
fn a_write_alias_that_was_removed_is_put_back() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let live = targets(&rig).remove(0);
    move_alias(&rig, json!([{ "remove": { "index": live, "alias": format!("{live}-W") } }]));
    let mut follower = rig.start(&["run"]);
    follower.wait_for("following changes");
    rig.run(&["update shop.orders set note = 'written' where id = 1"]);
    let done = follower.wait().assert_code(4);
    assert!(done.stderr.contains("write alias") && done.stderr.contains("flusso apply"), "{}", done.stderr);
    rig.flusso(&["apply"]).assert_code(0).assert_said("its write alias");
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
}

#[test]
fn a_write_alias_that_points_to_another_index_confirms_nothing_and_is_put_back() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let live = targets(&rig).remove(0);
    let (other, write_alias) = (format!("{}_other", rig.name), format!("{live}-W"));
    rig.request("PUT", &format!("/{other}"), "");
    move_alias(
        &rig,
        json!([
            { "remove": { "index": live, "alias": write_alias } },
            { "add": { "index": other, "alias": write_alias } },
        ]),
    );
    let follower = rig.follow();
    rig.run(&["update shop.orders set note = 'elsewhere' where id < 5"]);
    follower.wait().assert_code(4).assert_said(&format!("points to `{other}`")).assert_said("flusso apply");
    rig.flusso(&["apply"]).assert_code(0).assert_said("its write alias");
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
    // Beside ours and as the one that is written to: nothing is written to ours either.
    move_alias(
        &rig,
        json!([{ "add": { "index": other, "alias": write_alias, "is_write_index": true } },
            { "add": { "index": live, "alias": write_alias, "is_write_index": false } }]),
    );
    rig.run(&["delete from shop.orders where id = 6"]);
    rig.flusso(&["run"]).assert_code(4).assert_said(&format!("points to `{other}`"));
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
}

#[test]
fn an_alias_that_was_moved_or_doubled_is_refused_with_where_it_points() {
    let rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let live = targets(&rig).remove(0);
    let other = format!("{}_other", rig.name);
    rig.request("PUT", &format!("/{other}"), "");
    move_alias(&rig, json!([{ "add": { "index": other, "alias": alias(&rig) } }]));
    for arguments in [["apply", "--dry-run"].as_slice(), &["apply"]] {
        let done = rig.flusso(arguments).assert_code(4).assert_said("alias-points-elsewhere");
        assert!(done.stderr.contains(&other) && done.stderr.contains(&live), "{}", done.stderr);
    }
    move_alias(&rig, json!([{ "remove": { "index": live, "alias": alias(&rig) } }]));
    rig.flusso(&["apply"]).assert_code(4).assert_said("which flusso did not create");
    assert_eq!(targets(&rig), std::slice::from_ref(&other));
    let mut follower = rig.start(&["run"]);
    follower.wait_for("alias-points-elsewhere");
    follower.stop().assert_code(0);
    move_alias(&rig, json!([{ "remove": { "index": other, "alias": alias(&rig) } }]));
    rig.flusso(&["apply"]).assert_code(0);
    assert_eq!(targets(&rig), [live]);
}

#[test]
fn another_project_cannot_take_the_alias() {
    let (first, second) = (Rig::new(SHOP, 0.002), Rig::new(SHOP, 0.002));
    let prefix = |rig: &Rig| format!("index_prefix: {}_", rig.name);
    second.edit("flusso.yml", &prefix(&second), &prefix(&first));
    // Nobody has the alias yet: only once the other project has it can it be refused.
    second.flusso(&["compile"]).assert_code(0);
    first.compile_and_apply();
    let live = targets(&first);
    second.flusso(&["check"]).assert_code(1);
    for arguments in [["apply", "--dry-run"].as_slice(), &["apply"]] {
        second.flusso(arguments).assert_code(4).assert_said(&format!("of project `{}`", first.name));
    }
    assert_eq!(targets(&first), live);
    first.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
}
