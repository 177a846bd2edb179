//! Names that are another table's for a moment, and maintenance, beside the real binary.

use std::time::Duration;

use xtask::fixtures::SHOP;

use crate::rig::Rig;

const AWAY: [&str; 3] = [
    "alter table shop.users rename to users_away",
    "update shop.users_away set name = 'Renamed' where id between 1 and 5",
    "alter table shop.users_away rename to users",
];

/// Maintenance that looks like an ALTER that rewrote rows, and is told from one only by the documents.
const LIKE_A_REWRITE: [&str; 3] = [
    "vacuum full shop.users",
    "alter table shop.users alter column name set statistics 500",
    "alter table shop.users alter column email set statistics 500",
];

#[test]
fn maintenance_that_looks_like_a_rewrite_has_every_document_compared_and_stops_nothing() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let before = rig.generations();
    rig.run(&LIKE_A_REWRITE);
    let mut follower = rig.follow();
    follower.wait_for("compare every document of");
    rig.run(&["update shop.users set name = 'Meanwhile' where id = 9"]);
    follower.wait_for("compared every document of");
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
    rig.run(&["alter table shop.users alter column name set statistics 400", LIKE_A_REWRITE[0]]);
    let done = rig.flusso(&["apply"]).assert_code(0).assert_said("every document is compared");
    assert!(!done.stderr.contains("rebuild"), "{}", done.stderr);
    assert_eq!(rig.generations(), before);
}

#[test]
fn what_a_rewrite_that_looks_like_maintenance_left_wrong_is_repaired() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    rig.run(&[
        "alter table shop.users alter column name type text using name || '!'",
        "alter table shop.users alter column name set statistics 500",
        "grant select on shop.users to public",
    ]);
    let mut follower = rig.follow();
    follower.wait_for("compared every document of");
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn one_apply_brings_back_indexes_that_lost_different_changes() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    rig.run(&[
        "alter table shop.reviews rename to reviews_away",
        "update shop.reviews_away set stars = 1 where id <= 5",
        "alter table shop.reviews_away rename to reviews",
    ]);
    rig.flusso(&["run"]).assert_code(4).assert_said("`shop.reviews`");
    rig.run(&AWAY);
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

/// Stops for this reason, also when it is started again; an apply brings everything back.
fn assert_mended(rig: &mut Rig, reason: &str) {
    rig.flusso(&["run"]).assert_code(4).assert_said(reason).assert_said("flusso apply");
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    rig.run(&["update shop.users set name = 'After' where id = 9"]);
    for index in ["orders", "products", "users"] {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn a_table_renamed_written_and_renamed_back_stops_the_follower_and_an_apply_mends_it() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&AWAY);
    let reason = "rows of `shop.users` were written while it was named `shop.users_away`";
    follower.wait().assert_code(4).assert_said(reason);
    assert_mended(&mut rig, reason);
    // The same while nobody follows.
    rig.run(&AWAY);
    assert_mended(&mut rig, reason);
}

/// Time for a follower to read for a change, well below the minute after which it compares the catalog.
const FOLLOWED: Duration = Duration::from_secs(30);

/// Names stand for something else while only other tables are written, and are put back once whoever
/// follows has read for those writes: that comparison of the catalog finds nothing.
fn assert_noticed(swapped: &[&str], written: &str, put_back: &[&str], reason: &str) {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let mut follower = rig.follow();
    rig.run(swapped);
    rig.run(&[written]);
    let is_noticed = follower.says_within("the catalog changed during a read", FOLLOWED);
    if !is_noticed {
        rig.run(put_back);
        for index in ["orders", "products", "users"] {
            rig.assert_becomes_right(index);
        }
        panic!("nothing was read by another meaning: the test tests nothing");
    }
    follower.wait().assert_code(4).assert_said(reason);
    rig.run(put_back);
    assert_mended(&mut rig, reason);
}

#[test]
fn a_root_table_that_is_replaced_while_others_are_written_makes_its_index_stale() {
    assert_noticed(
        &[
            "alter table shop.orders rename to orders_old",
            "create table shop.orders (like shop.orders_old including all)",
        ],
        "update shop.order_items set price = price + 1 where order_id <= 300",
        &["drop table shop.orders", "alter table shop.orders_old rename to orders"],
        "`shop.orders` was replaced by another table",
    );
}

#[test]
fn a_related_table_that_is_replaced_while_others_are_written_makes_its_index_stale() {
    assert_noticed(
        &[
            "create table shop.users_copy (like shop.users including all)",
            "alter table shop.users rename to users_old",
            "alter table shop.users_copy rename to users",
        ],
        "update shop.orders set note = 'touched' where id <= 50",
        &["alter table shop.users rename to users_copy", "alter table shop.users_old rename to users"],
        "`shop.users` was replaced by another table",
    );
}

#[test]
fn columns_that_exchange_names_while_others_are_written_make_their_index_stale() {
    let exchange = [
        "alter table shop.users rename name to t",
        "alter table shop.users rename email to name",
        "alter table shop.users rename t to email",
    ];
    assert_noticed(
        &exchange,
        "update shop.orders set note = 'touched' where id <= 50",
        &exchange,
        "was replaced by another column",
    );
}

#[test]
fn a_label_that_is_renamed_while_others_are_written_makes_its_index_stale() {
    assert_noticed(
        &["alter type shop.order_status rename value 'draft' to 'sketch'"],
        "update shop.order_items set price = price + 1 where order_id <= 300",
        &["alter type shop.order_status rename value 'sketch' to 'draft'"],
        "label `draft` of enum `shop.order_status` does not exist",
    );
}

#[test]
fn a_label_that_is_renamed_between_writes_of_one_transaction_makes_its_index_stale_and_an_apply_mends_it() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&[
        "begin",
        "update shop.orders set note = 'before', status = 'draft' where id = 1",
        "alter type shop.order_status rename value 'draft' to 'sketch'",
        "update shop.orders set note = 'after', status = 'sketch' where id = 2",
        "commit",
    ]);
    let reason = "label `draft` of enum `shop.order_status`";
    follower.wait().assert_code(4).assert_said(reason);
    rig.flusso(&["run"]).assert_code(4).assert_said(reason);
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("orders");
    rig.assert_right("users");
    rig.follow().stop().assert_code(0);
}

#[test]
fn a_label_that_is_added_after_compile_is_in_the_documents_of_the_rows_that_have_it() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&[
        "alter type shop.order_status add value 'returned' before 'paid'",
        "update shop.orders set status = 'returned' where id in (1, 2, 3)",
    ]);
    rig.assert_becomes_right("orders");
    rig.assert_becomes_right("users");
    follower.stop().assert_code(0);
}

#[test]
fn a_function_beside_the_one_that_an_index_calls_makes_the_index_stale_until_an_apply() {
    let mut rig = Rig::new(SHOP, 0.005);
    let scored = "  loyalty: { kind: integer, sql: \"shop.score(loyalty)\" }";
    rig.edit("indexes/users.yml", "  loyalty: short", scored);
    rig.run(&["create function shop.score(integer) returns integer language sql immutable return $1"]);
    rig.compile_and_apply();
    let follower = rig.follow();
    // Postgres prefers it for `loyalty`, which is a smallint.
    rig.run(&[
        "create function shop.score(smallint) returns integer language sql immutable return -7",
        "update shop.users set name = 'Shadowed', deleted_at = null where id between 1 and 20",
    ]);
    let reason = "function `shop.score(smallint)` was created, replaced or altered";
    follower.wait().assert_code(4).assert_said(reason);
    rig.run(&["drop function shop.score(smallint)"]);
    rig.flusso(&["run"]).assert_code(4).assert_said(reason);
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("users");
    rig.follow().stop().assert_code(0);
}

#[test]
fn a_follower_does_not_mind_maintenance() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let maintenance = [
        "reindex table concurrently shop.users",
        "vacuum full shop.orders",
        "cluster shop.order_items using order_items_pkey",
        "alter table shop.users rename to users_away",
        "alter table shop.users_away rename to users",
        "alter table shop.users add column unrelated int default 1",
        "grant select on shop.users to public",
        "comment on table shop.users is 'c'",
        "analyze shop.users",
        "alter table shop.orders set (autovacuum_enabled = off)",
        "update shop.users set name = 'Still' where id = 3",
    ];
    let follower = rig.follow();
    rig.run(&maintenance);
    rig.assert_becomes_right("users");
    follower.stop().assert_code(0);
    // At the next start every generation is compared with its record.
    rig.follow().stop().assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
}
