//! What other sessions of the same cluster do: an absent standby, writers that stay open.

use std::thread;
use std::time::Duration;

use tempfile::tempdir;
use xtask::fixtures::SHOP;
use xtask::services::postgres::Cluster;

use crate::rig::{Rig, require_absent_standby};

#[test]
fn with_an_absent_synchronous_standby_an_update_is_waited_for_and_not_lost() {
    let folder = tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster of its own");
    let mut rig = Rig::on_cluster(SHOP, 0.005, &cluster);
    rig.compile_and_apply();
    let mut follower = rig.follow();
    let probe = rig.session();
    require_absent_standby(&mut rig.sql, probe);
    let mut writer = rig.session();
    let waiting =
        thread::spawn(move || writer.query("update shop.orders set note = 'late' where id = 1").map(drop));
    follower.wait_for("for transaction");
    assert_ne!(rig.document("orders", "1").expect("it is there")["note"], "late", "nobody may see it yet");
    rig.run(&["alter system reset synchronous_standby_names", "select pg_reload_conf()"]);
    waiting.join().expect("the writer ends").expect("its update is committed");
    rig.wait_for_document("orders", "1", |document| {
        document.is_some_and(|document| document["note"] == "late")
    });
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
}

#[test]
fn a_writer_older_than_the_publications_change_is_named_and_its_row_is_in_its_document() {
    let folder = tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster of its own");
    let mut rig = Rig::on_cluster(SHOP, 0.005, &cluster);
    // Identities as they will have to be: else setting them would wait for the writer, not the gate.
    for table in ["addresses", "order_items", "orders", "reviews"] {
        rig.run(&[&format!("alter table shop.{table} replica identity full")]);
    }
    // First the users alone, so that the reviews are not published yet.
    let products = std::fs::read_to_string(rig.path("indexes/products.yml")).expect("an index file");
    std::fs::remove_file(rig.path("indexes/products.yml")).expect("removed");
    std::fs::remove_file(rig.path("indexes/orders.yml")).expect("removed");
    rig.compile_and_apply();
    std::fs::write(rig.path("indexes/products.yml"), products).expect("written");
    rig.flusso(&["compile"]).assert_code(0);
    let mut writer = rig.session();
    writer
        .query(
            "begin; insert into shop.reviews (id, product_id, user_id, stars, body, created_at) \
                values (900001, 1, 1, 5, 'open', now())",
        )
        .expect("written, and open");
    let mut apply = rig.start(&["apply"]);
    apply.wait_for("waiting for transactions");
    assert!(!apply.says_within("backfill `products`", Duration::from_secs(4)), "it read a chunk too early");
    writer.query("commit").expect("committed");
    apply.wait().assert_code(0);
    rig.run(&["update shop.products set active = true where id = 1"]);
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    rig.assert_becomes_right("products");
    rig.assert_becomes_right("users");
    follower.stop().assert_code(0);
}

#[test]
fn an_open_writer_at_the_slots_creation_is_named_and_no_slot_is_left() {
    let folder = tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), &[]).expect("a cluster of its own");
    let mut rig = Rig::on_cluster(SHOP, 0.005, &cluster);
    rig.edit("flusso.yml", "schema: shop", "schema: shop\n    statement_timeout: 2s");
    rig.flusso(&["compile"]).assert_code(0);
    let mut writer = rig.session();
    writer.query("begin; update shop.users set name = 'open' where id = 1").expect("open");
    let stopped = rig.flusso(&["apply", "--gate-wait", "4s"]);
    stopped.assert_code(5);
    assert_eq!(rig.value("select count(*) from pg_replication_slots"), Some("0".to_owned()));
    writer.query("rollback").expect("ended");
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("users");
}
