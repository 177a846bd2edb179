//! A database that was restored from a copy of its files: same identity, same timeline, plausible positions.

use std::fs;
use std::path::Path;
use std::process::Command;

use xtask::fixtures::SHOP;
use xtask::services::postgres::Cluster;

use crate::rig::Rig;

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(done.success(), "{} is copied", from.display());
}

#[test]
fn a_copy_that_was_written_past_what_was_confirmed_is_never_followed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), &[]).expect("a cluster");
    let mut rig = Rig::on_cluster(SHOP, 0.002, &cluster);
    rig.compile_and_apply();
    let follow = |rig: &mut Rig, note: &str| {
        let follower = rig.follow();
        rig.run(&[&format!("update shop.orders set note = '{note}' where id < 5")]);
        rig.assert_becomes_right("orders");
        follower.stop().assert_code(0);
    };
    follow(&mut rig, "before the copy");
    let copied = folder.path().join("copied");
    cluster.stop();
    copy(&cluster.data(), &copied);
    // The same log, after a restart: what was confirmed comes once more, and is followed on.
    cluster.restart().expect("it starts");
    rig.sql = rig.session();
    follow(&mut rig, "after the copy");
    follow(&mut rig, "confirmed, and not in the copy");
    cluster.stop();
    fs::remove_dir_all(cluster.data()).expect("the data is ours");
    copy(&copied, &cluster.data());
    cluster.restart().expect("the copy starts");
    rig.sql = rig.session();
    rig.run(&[
        "create table public.filler as select repeat('x', 500) as text from generate_series(1, 20000)",
    ]);
    rig.run(&["update shop.orders set note = 'of the copy' where id > 3"]);
    for arguments in [["run"].as_slice(), &["apply"], &["run"]] {
        let done = rig.flusso(arguments).assert_code(4).assert_said("another history");
        done.assert_said("check that `$SHOP_DATABASE_URL` is the current primary");
    }
    let (_, found) = rig.request("GET", &format!("/{}_orders/_search?q=note:copy&size=1", rig.name), "");
    assert!(!found.contains("of the copy"), "nothing of the copy was written: {found}");
}

const ADDRESSES: &str = "  addresses:
    has_many: addresses
    fields:
      label: keyword
      street: text
      city: text
      country: keyword
      is_default: boolean
";

/// Which changes matter depends on the lock: what was confirmed under another one proves nothing.
#[test]
fn a_lock_that_reads_less_or_more_is_applied_after_a_crash_that_has_changes_sent_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), &[]).expect("a cluster");
    let mut rig = Rig::on_cluster(SHOP, 0.002, &cluster);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&["update shop.users set name = 'confirmed last but one' where id = 2"]);
    rig.run(&["update shop.addresses set city = 'confirmed last'"]);
    rig.assert_becomes_right("users");
    follower.stop().assert_code(0);
    // The slot's position is not durable yet: the server sends both again.
    cluster.kill9();
    cluster.restart().expect("it recovers");
    rig.sql = rig.session();
    rig.edit("indexes/users.yml", ADDRESSES, "");
    rig.compile_and_apply();
    rig.assert_right("orders");
    let follower = rig.follow();
    rig.run(&["update shop.orders set note = 'matters' where id < 5"]);
    rig.run(&["update shop.addresses set city = 'matters to nobody'"]);
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
    cluster.kill9();
    cluster.restart().expect("it recovers");
    rig.sql = rig.session();
    rig.edit("indexes/users.yml", "  order_count:", &format!("{ADDRESSES}  order_count:"));
    rig.compile_and_apply();
    for index in ["orders", "users", "products"] {
        rig.assert_right(index);
    }
}
