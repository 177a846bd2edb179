//! What is compiled, filled and followed is right, and saying it twice changes nothing.

use std::fs;

use xtask::fixtures::SHOP;

use crate::rig::Rig;

const INDEXES: [&str; 3] = ["orders", "products", "users"];

#[test]
fn every_document_is_right_after_the_backfill_and_after_every_kind_of_change() {
    let mut rig = Rig::new(SHOP, 0.02);
    rig.flusso(&["check"]).assert_code(0).assert_said("no findings");
    rig.compile_and_apply();
    for index in INDEXES {
        assert!(rig.assert_right(index) > 100, "{index} has documents");
    }
    let follower = rig.follow();
    for statement in SHOP.changes().expect("the shop changes") {
        rig.sql.query(&statement).expect(&statement);
    }
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
    // Changes while nobody follows are caught up with.
    rig.run(&["update shop.users set name = 'Late' where id = 7", "delete from shop.orders where id = 8"]);
    let follower = rig.follow();
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn a_lock_has_the_same_bytes_whatever_the_files_are_called_and_the_locale_is() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    let first = fs::read(rig.path("flusso.lock")).expect("a lock");
    fs::rename(rig.path("indexes/orders.yml"), rig.path("indexes/z.yml")).expect("renamed");
    fs::rename(rig.path("indexes/users.yml"), rig.path("indexes/a.yml")).expect("renamed");
    fs::remove_file(rig.path("flusso.lock")).expect("removed");
    rig.set("LC_ALL", "tr_TR.UTF-8");
    rig.set("TZ", "Asia/Tokyo");
    rig.flusso(&["compile"]).assert_code(0);
    assert_eq!(first, fs::read(rig.path("flusso.lock")).expect("a lock"));
    rig.flusso(&["compile", "--check"]).assert_code(0);
}

#[test]
fn a_second_apply_changes_nothing_and_run_needs_the_first() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["run"]).assert_code(4).assert_said("flusso apply");
    rig.flusso(&["apply"]).assert_code(0);
    let generations = rig.generations();
    assert_eq!(generations.len(), 3, "{generations:?}");
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
    assert_eq!(rig.generations(), generations);
    rig.assert_right("orders");
}

#[test]
fn truncate_empties_the_documents_that_the_table_fills() {
    let mut rig = Rig::new(SHOP, 0.01);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&["truncate shop.reviews", "truncate shop.order_items"]);
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    rig.run(&["truncate shop.users cascade"]);
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    assert_eq!(rig.compare("users").wanted, 0);
    follower.stop().assert_code(0);
}

#[test]
fn a_json_value_with_line_breaks_arrives_as_its_document_and_harms_nothing() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    let raw = format!(
        "{{\"x\":\r\n{{\"delete\":\n{{\"_index\":\"{}_products\",\"_id\":\"2\"}}\n}}\n}}\n",
        rig.name
    );
    rig.run(&[
        "update shop.products set active = true where id in (1, 2, 3)",
        &format!("update shop.products set supplier_data = '{raw}' where id in (1, 3)"),
    ]);
    rig.assert_becomes_right("products");
    assert!(rig.document("products", "2").is_some(), "nothing deleted it");
    follower.stop().assert_code(0);
}

#[test]
fn a_transaction_larger_than_any_batch_arrives_whole() {
    let mut rig = Rig::new(SHOP, 0.2);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&[
        "update shop.order_items set quantity = quantity + 1",
        "update shop.categories set name = name || '!'",
    ]);
    for index in INDEXES {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}
