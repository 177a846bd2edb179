//! Every shape of relation that the shop does not have, from its YAML to the index and through changes.

use xtask::fixtures::SHAPES;

use crate::rig::Rig;

/// Changes that reach documents by every kind of way: a moved child, a new parent, a renamed leaf, a hop that
/// comes and goes, a value that was equal and no longer is.
const CHANGES: [&str; 14] = [
    "update shapes.country set name = 'Italia' where code = 'IT'",
    "update shapes.posts set region = a.region, account_no = a.\"No\" from shapes.\"Accounts\" a \
     where a.\"No\" = 7 and title in ('T1', 'T2', 'T3')",
    "update shapes.\"Accounts\" set parent_region = null, \"parentNo\" = null where \"No\" = 10",
    "update shapes.\"Accounts\" set code = 23.10 where \"No\" = 3",
    "update shapes.code_uses set code = 4.4000 where id in (1, 2, 3)",
    "update shapes.tags set name = 'tag0' where id = 1",
    "delete from shapes.post_tags where tag_id = 2",
    "insert into shapes.post_tags select id, 2, 4 from shapes.posts order by id limit 9",
    "update shapes.comments set parent_id = null where id % 5 = 0",
    "delete from shapes.log where ctid in (select ctid from shapes.log where line = 'line 1' limit 4)",
    "update shapes.account_settings set prio = 99 - id % 3, key = 'k1' where id % 10 = 0",
    "update shapes.labels set key = 'weight' where key = 'colour' and account_no % 3 = 0",
    "update shapes.labels set key = 'colour' where key = 'size' and account_no % 4 = 0",
    "update shapes.kinds set title = 'Kind Z' where kind = 'a'",
];

#[test]
fn every_shape_of_relation_arrives_and_follows() {
    let mut rig = Rig::new(SHAPES, 1.0);
    rig.compile_and_apply();
    assert_eq!(rig.assert_right("accounts"), 60);
    let following = rig.follow();
    rig.run(&CHANGES);
    assert_eq!(rig.assert_becomes_right("accounts"), 60);
    drop(following);
}
