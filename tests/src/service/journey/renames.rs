//! Names that are another table's for a moment, and maintenance, beside the real binary.

use xtask::fixtures::SHOP;

use crate::rig::Rig;

const AWAY: [&str; 3] = [
    "alter table shop.users rename to users_away",
    "update shop.users_away set name = 'Renamed' where id between 1 and 5",
    "alter table shop.users_away rename to users",
];

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
