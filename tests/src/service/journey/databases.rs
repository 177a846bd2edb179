//! A connection that leads to another database of the same cluster: every command asks for the URL first, and
//! no alias is led to rows of the other database, whatever else was changed or deleted.

use serde_json::Value;
use xtask::fixtures::SHOP;
use xtask::services::postgres::Connection;

use crate::rig::{Done, Rig};

const READ_ONLY: [&[&str]; 3] = [&["apply", "--dry-run"], &["apply"], &["run"]];

/// A copy of the rig's database, with rows of its own.
struct Copy {
    name: String,
    url: String,
}

impl Copy {
    fn of(rig: &mut Rig) -> Self {
        let (original, name) = (rig.name.clone(), format!("{}_staging", rig.name));
        let url = rig.database_url();
        let copy = Self { url: format!("{}/{name}", url.rsplit_once('/').expect("a database").0), name };
        let mut admin = admin(rig);
        // The test's own session keeps the original from being a template.
        rig.sql = admin_session(rig);
        admin.query(&format!("create database {} template {original}", copy.name)).expect("a copy");
        rig.sql = rig.session();
        let mut sql = Connection::open_url(&copy.url).expect("the copy takes connections");
        sql.query("update shop.orders set note = 'of staging'").expect("rows of its own");
        copy
    }

    fn drop(self, rig: &Rig) {
        admin(rig).query(&format!("drop database {} with (force)", self.name)).expect("nobody needs it");
    }
}

fn admin(rig: &Rig) -> Connection {
    admin_session(rig)
}

fn admin_session(rig: &Rig) -> Connection {
    let url = rig.database_url();
    let server = url.rsplit_once('/').expect("a database").0;
    Connection::open_url(&format!("{server}/postgres")).expect("the server takes connections")
}

/// The alias' concrete indexes, and every document behind it.
fn seen_by_readers(rig: &Rig) -> (String, Vec<Value>) {
    let (status, targets) = rig.request("GET", &format!("/_alias/{}_orders", rig.name), "");
    assert_eq!(status, 200, "{targets}");
    let path = format!("/{}_orders/_search?size=1000&sort=_doc", rig.name);
    let (_, text) = rig.request("GET", &path, "");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    (targets, found["hits"]["hits"].as_array().expect("hits").clone())
}

/// What every command must say: whose the documents are, where the connection leads, and the URL first.
#[track_caller]
fn assert_asks_for_the_url(done: Done, rig: &Rig, copy: &Copy) {
    let text = format!("{}{}", done.stdout, done.stderr);
    assert!(text.contains(&format!("database `{}`", copy.name)), "{text}");
    let help = format!("check that `$SHOP_DATABASE_URL` names database `{}`", rig.name);
    let help_at = text.find(&help).unwrap_or_else(|| panic!("no `{help}`:\n{text}"));
    for dangerous in ["DELETE", "pg_drop_replication_slot", "source.postgres.slot"] {
        assert!(text.find(dangerous).is_none_or(|at| at > help_at), "`{dangerous}` before the URL:\n{text}");
    }
}

#[test]
fn another_database_of_the_cluster_is_refused_by_every_command_with_the_url_first() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let (before, original) = (seen_by_readers(&rig), rig.database_url());
    let copy = Copy::of(&mut rig);
    rig.set_database(&copy.url);
    for arguments in READ_ONLY {
        let done = rig.flusso(arguments).assert_code(4);
        let done = done.assert_said(&format!("written for database `{}`", rig.name));
        let done = done.assert_said(&format!("`{}_orders`", rig.name));
        assert_asks_for_the_url(done, &rig, &copy);
    }
    assert_asks_for_the_url(rig.flusso(&["check"]).assert_code(1), &rig, &copy);
    // A slot of another name leads past the slot's own check.
    rig.edit("flusso.yml", "    schema: shop", &format!("    schema: shop\n    slot: {}_other", rig.name));
    assert_asks_for_the_url(rig.flusso(&["compile"]).assert_code(0), &rig, &copy);
    for arguments in READ_ONLY {
        assert_asks_for_the_url(rig.flusso(arguments).assert_code(4), &rig, &copy);
    }
    assert_eq!(seen_by_readers(&rig), before);
    let made = "select count(*) from pg_publication union all \
                select count(*) from pg_replication_slots where database = current_database()";
    let mut sql = Connection::open_url(&copy.url).expect("the copy takes connections");
    let rows = sql.query(made).expect("a superuser sees them");
    assert_eq!(rows[1][0].as_deref(), Some("0"), "no slot was made there");
    drop(sql);
    rig.set_database(&original);
    copy.drop(&rig);
}

#[test]
fn a_deleted_state_leads_no_alias_to_another_database_unless_told_to() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let (before, original) = (seen_by_readers(&rig), rig.database_url());
    let copy = Copy::of(&mut rig);
    let state = format!("/{0}_flusso-state-{0}", rig.name);
    assert_eq!(rig.request("DELETE", &state, "").0, 200);
    rig.set_database(&copy.url);
    // The slot has its name still, then none has, then another one is named.
    for change in ["", "slot", "name"] {
        match change {
            "slot" => {
                let drop = format!("select pg_drop_replication_slot('flusso_{}')", rig.name);
                rig.run(&[&drop]);
            }
            "name" => {
                let named = format!("    schema: shop\n    slot: {}_other", rig.name);
                rig.edit("flusso.yml", "    schema: shop", &named);
                assert_asks_for_the_url(rig.flusso(&["compile"]).assert_code(0), &rig, &copy);
            }
            _ => {}
        }
        for arguments in [["apply", "--dry-run"].as_slice(), &["apply"]] {
            let done = rig.flusso(arguments).assert_code(4).assert_said("alias-points-elsewhere");
            assert_asks_for_the_url(done, &rig, &copy);
        }
        rig.flusso(&["run"]).assert_code(4);
        assert_eq!(seen_by_readers(&rig), before);
    }
    let done = rig.flusso(&["apply", "--accept-new-source"]).assert_code(0);
    assert!(done.stderr.contains("which is kept"), "{}", done.stderr);
    let (_, documents) = seen_by_readers(&rig);
    assert!(documents.iter().all(|hit| hit["_source"]["note"] == "of staging"), "{documents:?}");
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
    admin(&rig).query(&format!("select pg_drop_replication_slot('{}_other')", rig.name)).expect("it is free");
    rig.set_database(&original);
    copy.drop(&rig);
}

#[test]
fn a_database_that_was_renamed_is_followed_on() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let renamed = format!("{}_renamed", rig.name);
    rig.sql = admin_session(&rig);
    rig.run(&[&format!("alter database {} rename to {renamed}", rig.name)]);
    let url = rig.database_url();
    rig.set_database(&format!("{}/{renamed}", url.rsplit_once('/').expect("a database").0));
    rig.sql = rig.session();
    rig.run(&["update shop.orders set note = 'after the renaming' where id < 5"]);
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
    let follower = rig.follow();
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
}
