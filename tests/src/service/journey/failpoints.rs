//! An apply that ends at any of its steps, as in a power cut, is completed by the next one.

use std::fs;
use std::thread;

use flusso_runtime::failpoint;
use xtask::fixtures::SHOP;
use xtask::services::daemon::wait_until;

use crate::rig::{PATIENCE, Rig, Running};

const INDEXES: [&str; 3] = ["orders", "products", "users"];

/// Nothing is left of what was killed: no index without an owner, no second slot.
#[track_caller]
fn assert_nothing_is_left(rig: &mut Rig, kept: usize, place: &str) {
    let generations = rig.generations();
    assert_eq!(generations.len(), INDEXES.len() + kept, "after a kill at {place}: {generations:?}");
    // By the database, not by a name: that of one test may begin with that of another.
    let slots = "select count(*) from pg_replication_slots where database = current_database()";
    assert_eq!(rig.value(slots), Some("1".to_owned()), "after a kill at {place}");
}

#[test]
fn a_first_apply_killed_at_any_step_is_completed_by_the_next_one() {
    for place in failpoint::ALL {
        let mut rig = Rig::new(SHOP, 0.001);
        rig.flusso(&["compile"]).assert_code(0);
        rig.set("FLUSSO_FAILPOINT", place);
        let killed = rig.flusso(&["apply"]);
        rig.set("FLUSSO_FAILPOINT", "");
        // Where a first apply never comes by, there is nothing to kill.
        assert_eq!(killed.code, -1, "{place} is not on the way:\n{}", killed.stderr);
        rig.run(&[
            "update shop.orders set note = 'meanwhile' where id = 3",
            "delete from shop.orders where id = 4",
        ]);
        rig.flusso(&["apply"]).assert_code(0);
        let follower = rig.follow();
        for index in INDEXES {
            rig.assert_becomes_right(index);
        }
        follower.stop().assert_code(0);
        assert_nothing_is_left(&mut rig, 0, place);
    }
}

/// The products' file without what reads the reviews, and the whole file.
fn without_reviews(rig: &Rig) -> (String, String) {
    let whole = fs::read_to_string(rig.path("indexes/products.yml")).expect("the file is there");
    let lines = whole.lines().filter(|line| !line.contains("reviews"));
    let less = lines.map(|line| format!("{line}\n")).collect();
    (less, whole)
}

fn write_products(rig: &Rig, text: &str) {
    fs::write(rig.path("indexes/products.yml"), text).expect("the copy is ours");
    rig.flusso(&["compile"]).assert_code(0);
}

/// The replica identity of the reviews, and whether they are published.
fn reviews(rig: &mut Rig) -> (Option<String>, Option<String>) {
    let identity = "select relreplident::text from pg_class where oid = 'shop.reviews'::regclass";
    let published = "select count(*)::text from pg_publication_tables where tablename = 'reviews'";
    (rig.value(identity), rig.value(published))
}

fn pair(identity: &str, published: &str) -> (Option<String>, Option<String>) {
    (Some(identity.to_owned()), Some(published.to_owned()))
}

#[test]
fn beside_a_running_follower_apply_alters_nothing_and_the_follower_lives_on() {
    let mut rig = Rig::new(SHOP, 0.001);
    let (less, whole) = without_reviews(&rig);
    write_products(&rig, &less);
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    write_products(&rig, &whole);
    let before = (reviews(&mut rig), rig.generations());
    assert_eq!(before.0, pair("d", "0"));
    rig.flusso(&["apply", "--slot-wait", "1s"]).assert_code(5).assert_said("held by");
    assert_eq!((reviews(&mut rig), rig.generations()), before);
    rig.run(&["update shop.orders set note = 'followed' where id = 5"]);
    rig.assert_becomes_right("orders");
    follower.stop().assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("rebuild");
    assert_eq!(reviews(&mut rig), pair("f", "1"));
    rig.assert_right("products");
}

#[test]
fn an_apply_killed_around_its_alterations_leaves_the_old_lock_runnable() {
    for place in ["slot-acquired", "source-altered@1", "source-altered@2", "provisioned", "records-renewed"] {
        let mut rig = Rig::new(SHOP, 0.001);
        let (less, whole) = without_reviews(&rig);
        write_products(&rig, &less);
        rig.flusso(&["apply"]).assert_code(0);
        write_products(&rig, &whole);
        rig.set("FLUSSO_FAILPOINT", place);
        assert_eq!(rig.flusso(&["apply"]).code, -1, "{place}");
        rig.set("FLUSSO_FAILPOINT", "");
        write_products(&rig, &less);
        let follower = rig.follow();
        rig.run(&["update shop.orders set note = 'followed' where id = 5"]);
        rig.assert_becomes_right("orders");
        follower.stop().assert_code(0);
        write_products(&rig, &whole);
        rig.flusso(&["apply"]).assert_code(0);
        rig.assert_right("products");
        assert_nothing_is_left(&mut rig, 1, place);
    }
}

/// Alterations are not written into the records before they are made: a generation's record counts only what
/// the generation reads, so what apply alters never makes one that it goes on with differ from its record.
#[test]
fn an_apply_killed_between_any_two_alterations_is_completed_by_the_next_one() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    let publication = format!("flusso_{}", rig.name);
    let undo = [
        "alter table shop.reviews replica identity default".to_owned(),
        "alter table shop.order_items replica identity default".to_owned(),
        format!("alter publication {publication} set (publish = 'insert, update')"),
        format!("alter publication {publication} drop table shop.addresses"),
    ];
    let mut nth = 0;
    loop {
        nth += 1;
        rig.run(&undo.each_ref().map(String::as_str));
        rig.set("FLUSSO_FAILPOINT", &format!("source-altered@{nth}"));
        let killed = rig.flusso(&["apply"]);
        rig.set("FLUSSO_FAILPOINT", "");
        if killed.code == 0 {
            break;
        }
        assert_eq!(killed.code, -1, "alteration {nth}:\n{}", killed.stderr);
        rig.run(&["delete from shop.orders where id = (select max(id) from shop.orders)"]);
        rig.flusso(&["apply"]).assert_code(0);
        let follower = rig.follow();
        for index in INDEXES {
            rig.assert_becomes_right(index);
        }
        follower.stop().assert_code(0);
    }
    assert_eq!(nth, undo.len() + 1, "each of them is put right by one alteration");
}

/// Holds an apply at a place, lets something happen, and lets it go on.
fn apply_held_at(rig: &mut Rig, place: &str, statement: &str) -> crate::rig::Done {
    let file = rig.path("held");
    rig.set("FLUSSO_FAILPOINT", place);
    rig.set("FLUSSO_FAILPOINT_FILE", file.to_str().expect("a path in UTF-8"));
    let apply: Running = rig.start(&["apply"]);
    rig.set("FLUSSO_FAILPOINT", "");
    rig.set("FLUSSO_FAILPOINT_FILE", "");
    assert!(wait_until(PATIENCE, || file.exists()).is_some(), "it never came to {place}");
    // What the held process has locked is free only once it goes on.
    let mut sql = rig.session();
    let statement = statement.to_owned();
    let altering = thread::spawn(move || sql.query(&statement).map(drop));
    let waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' \
                 and datname = current_database() and query like 'alter table%'";
    let stands = wait_until(PATIENCE, || altering.is_finished() || rig.value(waits).is_some());
    assert!(stands.is_some(), "the statement neither ends nor waits for a lock at {place}");
    fs::remove_file(&file).expect("the file is there");
    altering.join().expect("it does not panic").expect("the statement runs");
    apply.wait()
}

#[test]
fn a_rewrite_during_an_apply_never_ends_in_wrong_documents_and_success() {
    let rewrite = "alter table shop.orders alter column note type text using note || ' rewritten'";
    for place in ["generation-joined", "chunk-written", "filled", "verified", "swapping", "swapped", "live"] {
        let mut rig = Rig::new(SHOP, 0.002);
        rig.flusso(&["compile"]).assert_code(0);
        let done = apply_held_at(&mut rig, place, rewrite);
        if done.code == 0 {
            rig.assert_right("orders");
        } else {
            done.assert_code(4).assert_said("shop.orders");
            rig.flusso(&["apply"]).assert_code(0);
            rig.assert_right("orders");
        }
    }
}
