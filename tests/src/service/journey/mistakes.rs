//! Each mistake gets one clear message and the right exit code, and leaves nothing half done.

use std::fs;

use xtask::fixtures::SHOP;

use crate::rig::Rig;

#[test]
fn a_misspelt_column_and_an_unknown_table_are_both_told_in_one_run() {
    let rig = Rig::new(SHOP, 0.001);
    rig.edit("indexes/orders.yml", "  note: text", "  nota: text");
    rig.edit("indexes/users.yml", "table: users", "table: user");
    let done = rig.flusso(&["check", "--format", "concise"]).assert_code(1);
    assert!(done.stdout.contains("indexes/orders.yml:9:3: error[unknown-column]"), "{}", done.stdout);
    assert!(done.stdout.contains("error[unknown-table]"), "{}", done.stdout);
    rig.flusso(&["compile"]).assert_code(1);
    assert!(!rig.path("flusso.lock").exists(), "no lock of a project with errors");
}

#[test]
fn an_unset_variable_and_servers_that_are_down_end_with_3() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    let lock = fs::read(rig.path("flusso.lock")).expect("a lock");
    let database = rig.database_url();
    rig.set("SHOP_DATABASE_URL", "");
    for command in ["check", "compile", "apply", "run"] {
        rig.flusso(&[command]).assert_code(3).assert_said("SHOP_DATABASE_URL");
    }
    rig.set("SHOP_DATABASE_URL", "postgres://postgres:hush-hush@127.0.0.1:1/shop");
    // `run` waits for a server that is down.
    let without_database = ["check", "compile", "apply"].map(|command| rig.start(&[command]));
    rig.set("SHOP_DATABASE_URL", &database);
    rig.set("OPENSEARCH_URL", "http://127.0.0.1:1");
    let without_index = ["check", "apply"].map(|command| rig.start(&[command]));
    // Beside each other: each tries until its own bound is over.
    for command in without_database {
        let done = command.wait().assert_code(3).assert_said("127.0.0.1:1");
        assert!(!format!("{done:?}").contains("hush-hush"), "{done:?}");
    }
    for command in without_index {
        command.wait().assert_code(3).assert_said("127.0.0.1:1");
    }
    assert_eq!(lock, fs::read(rig.path("flusso.lock")).expect("a lock"));
    assert_eq!(
        rig.value(&format!(
            "select count(*) from pg_replication_slots where slot_name = 'flusso_{}'",
            rig.name
        )),
        Some("0".to_owned())
    );
    assert_eq!(rig.value("select count(*) from pg_publication"), Some("0".to_owned()));
}

#[test]
fn a_lock_edited_by_hand_is_refused_by_the_block() {
    let rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    rig.edit("flusso.lock", "oi.quantity > 0", "oi.quantity > 1");
    rig.flusso(&["apply"]).assert_code(1).assert_said("`[[index]] orders` was edited by hand");
    rig.flusso(&["run"]).assert_code(1);
    assert_eq!(rig.generations(), [""; 0]);
}

#[test]
fn a_column_that_changed_since_the_lock_stops_with_4_and_its_name() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    rig.run(&["alter table shop.orders alter column note type varchar(10) using null"]);
    rig.run(&["alter table shop.users rename column email to mail"]);
    let done = rig.flusso(&["apply"]).assert_code(4);
    assert!(done.stderr.contains("email"), "{}", done.stderr);
    assert_eq!(rig.value("select count(*) from pg_publication"), Some("0".to_owned()));
}

#[test]
fn a_changed_field_or_condition_is_shown_and_built_beside_the_live_index() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let before = rig.generations();
    rig.edit("indexes/orders.yml", "  note: text", "  note: keyword");
    // Every product is still in: none has a stock this low.
    rig.edit(
        "indexes/products.yml",
        "where: { active: true }",
        "where: { active: true, stock: { gte: -5 } }",
    );
    rig.flusso(&["compile"]).assert_code(0);
    let dry = rig.flusso(&["apply", "--dry-run"]).assert_code(0);
    for text in ["rebuild", "fields.note.kind: text -> keyword", "condition: ", "stock"] {
        assert!(dry.stderr.contains(text), "no `{text}`:\n{}", dry.stderr);
    }
    assert_eq!(rig.generations(), before, "a dry run changes nothing");
    rig.flusso(&["run"]).assert_code(4).assert_said("flusso apply");
    rig.flusso(&["apply"]).assert_code(0).assert_said("rebuild");
    rig.assert_right("orders");
    rig.assert_right("products");
    let after = rig.generations();
    assert!(before.iter().all(|name| after.contains(name)), "the old ones are kept: {after:?}");
    assert_eq!(after.len(), before.len() + 2);
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
    rig.follow().stop().assert_code(0);
}

#[test]
fn a_changed_setting_is_set_on_the_live_index() {
    let rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    let before = rig.generations();
    rig.edit("indexes/orders.yml", "table: orders", "table: orders\nsettings: { max_result_window: 20000 }");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("settings.max_result_window");
    assert_eq!(rig.generations(), before);
    let path = format!("/{}_orders/_settings/index.max_result_window", rig.name);
    assert!(rig.request("GET", &path, "").1.contains("20000"));
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
}

#[test]
fn a_dry_run_ends_as_the_apply_would() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    let slot = format!("flusso_{}", rig.name);
    let state = format!("{0}_flusso-state-{0}", rig.name);
    rig.flusso(&["apply", "--dry-run"]).assert_code(0).assert_said(&slot).assert_said(&state);
    assert_eq!(rig.value("select count(*) from pg_publication"), Some("0".to_owned()));
    rig.run(&[&format!("select pg_create_logical_replication_slot('{slot}', 'pgoutput')")]);
    for arguments in [["apply", "--dry-run"].as_slice(), &["apply"]] {
        rig.flusso(arguments).assert_code(4).assert_said("no state in a sink knows it");
    }
    assert_eq!(rig.value("select count(*) from pg_publication"), Some("0".to_owned()), "nothing was altered");
}

#[test]
fn the_way_on_builds_everything_anew_beside_what_is_live() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let before = rig.generations();
    let slot = format!("flusso_{}", rig.name);
    rig.run(&[&format!("select pg_drop_replication_slot('{slot}')")]);
    rig.run(&["update shop.orders set note = 'unseen' where id = 1"]);
    rig.flusso(&["run"]).assert_code(4).assert_said("slot");
    rig.flusso(&["apply"]).assert_code(4).assert_said("slot");
    let state = format!("/{0}_flusso-state-{0}", rig.name);
    let (status, _) = rig.request("DELETE", &state, "");
    assert_eq!(status, 200, "{state} is the state");
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("orders");
    assert_eq!(rig.generations().len(), 2 * before.len(), "the old ones are left alone");
}

#[test]
fn a_removed_index_is_refused_alike_by_every_command_and_putting_it_back_is_the_way_on() {
    let rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let (lock, file) = (rig.path("flusso.lock"), rig.path("indexes/products.yml"));
    let (whole, index) = (fs::read_to_string(&lock).expect("a lock"), fs::read(&file).expect("an index"));
    fs::remove_file(&file).expect("the copy is ours");
    rig.flusso(&["compile"]).assert_code(0);
    for arguments in [["apply", "--dry-run"].as_slice(), &["apply"], &["run"]] {
        let done = rig.flusso(arguments).assert_code(4).assert_said("cannot retire `products`");
        done.assert_said("restore a removed index file").assert_said("flusso compile");
    }
    fs::write(&file, index).expect("the copy is ours");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
    rig.follow().stop().assert_code(0);
    // The same by hand, in the lock alone.
    let blocks: Vec<&str> = whole.split("[[index]]\n").collect();
    let kept = |block: &&str| !block.starts_with("name = \"products\"");
    let without: Vec<&str> = blocks.into_iter().filter(kept).collect();
    let without = without.join("[[index]]\n");
    assert_ne!(without, whole, "the lock has a block of it");
    fs::write(&lock, without).expect("the copy is ours");
    let mut said: Vec<(Option<i32>, String)> = Vec::new();
    for arguments in [["apply", "--dry-run"].as_slice(), &["apply"], &["run"]] {
        let done = rig.flusso(arguments);
        said.push((Some(done.code), done.stderr.lines().next().unwrap_or_default().to_owned()));
    }
    assert!(said.iter().all(|each| *each == said[0] && each.0 != Some(0)), "{said:#?}");
}

#[test]
fn an_index_whose_first_apply_failed_can_be_taken_back() {
    let mut rig = Rig::new(SHOP, 0.002);
    rig.compile_and_apply();
    let before = rig.generations();
    let text = "version: 1\nindex: broken\ntable: products\nfields:\n  id: long\n  share: { sql: \"100 / (id - 3)\", kind: long }\n";
    fs::write(rig.path("indexes/broken.yml"), text).expect("the copy is ours");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(5).assert_said("division by zero");
    assert_eq!(rig.generations().len(), before.len() + 1, "it was begun");
    fs::remove_file(rig.path("indexes/broken.yml")).expect("the copy is ours");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply", "--dry-run"]).assert_code(0).assert_said("it was never live");
    rig.flusso(&["apply"]).assert_code(0);
    assert_eq!(rig.generations(), before, "nothing of it is left");
    let follower = rig.follow();
    rig.run(&["update shop.products set name = 'followed' where id < 5"]);
    rig.assert_becomes_right("products");
    follower.stop().assert_code(0);
}
