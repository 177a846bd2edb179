//! Where each kind of change leads, under each identity.

use super::*;
use crate::replication::fixture::{self, Plan, UNCHANGED};
use crate::replication::pgoutput::{Message, decode};
use crate::replication::routes::Routes;

const ALL_IN_IDENTITY: &[(&str, bool)] = &[("id", true), ("order_id", true), ("note", true)];
const KEY_IN_IDENTITY: &[(&str, bool)] = &[("id", true), ("order_id", false), ("note", false)];

/// An index whose root is `shop.orders` and which reads `note` of `shop.items` by `order_id`.
fn plan() -> Plan {
    Plan::default().edge(0, "shop.orders", &["id"], &["id"]).edge(
        0,
        "shop.items",
        &["order_id"],
        &["note", "order_id"],
    )
}

fn bound(plan: &Plan, identity: u8, columns: &[(&str, bool)]) -> BoundTable {
    let bytes = fixture::relation(7, "shop", "items", identity, columns);
    let Ok(Message::Relation { relation, .. }) = decode(&bytes) else { panic!("a relation") };
    let records =
        plan.records(&[("shop.items", 7, &["id", "order_id", "note"]), ("shop.orders", 8, &["id"])]);
    Routes::new(&plan.lock(), &records).bind(7, relation)
}

fn change(table: &BoundTable, bytes: &[u8]) -> RowChange {
    let change = match decode(bytes).expect("a message") {
        Message::Insert { new, .. } => table.inserted(&new),
        Message::Update { old, new, .. } => table.updated(old.as_ref(), &new),
        Message::Delete { old, .. } => table.deleted(&old),
        other => panic!("{other:?}"),
    };
    change.expect("a row that fits")
}

fn incomplete(reason: String) -> Unusable {
    Unusable { indexes: BTreeSet::from([0]), cause: StaleCause::RowIncomplete, reason }
}

fn keys(change: &RowChange) -> Vec<&str> {
    assert_eq!(change.unusable, []);
    change.hits.iter().map(|hit| hit.key.0[0].as_str()).collect()
}

#[test]
fn an_inserted_row_leads_along_each_edge_of_its_table_only() {
    let plan = plan().edge(2, "shop.items", &["order_id", "id"], &["id"]);
    let table = bound(&plan, b'd', KEY_IN_IDENTITY);
    let change = change(&table, &fixture::insert(7, &[Some("1"), Some("10"), Some("x")]));
    let hit = |index, edge, key: &[&str]| DirtyKey {
        index,
        edge,
        key: Key(key.iter().map(|part| (*part).to_owned()).collect()),
    };
    assert_eq!(change.hits, [hit(0, 1, &["10"]), hit(2, 0, &["10", "1"])]);
    assert_eq!(table.indexes(), BTreeSet::from([0, 2]));
}

#[test]
fn a_null_leads_nowhere() {
    let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
    assert_eq!(change(&table, &fixture::insert(7, &[Some("1"), None, Some("x")])), RowChange::default());
    let moved =
        fixture::update(7, Some((b'O', &[Some("1"), None, Some("x")])), &[Some("1"), Some("10"), Some("x")]);
    assert_eq!(keys(&change(&table, &moved)), ["10"]);
}

#[test]
fn a_row_that_moved_leads_to_where_it_was_and_to_where_it_is() {
    let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
    let moved = fixture::update(
        7,
        Some((b'O', &[Some("1"), Some("10"), Some("x")])),
        &[Some("1"), Some("11"), Some("x")],
    );
    assert_eq!(keys(&change(&table, &moved)), ["10", "11"]);
}

#[test]
fn under_a_full_identity_a_change_that_touches_no_column_of_the_edge_is_dropped() {
    let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
    let old: &[Option<&str>] = &[Some("1"), Some("10"), Some("x")];
    let other_id = fixture::update(7, Some((b'O', old)), &[Some("2"), Some("10"), Some("x")]);
    assert_eq!(change(&table, &other_id), RowChange::default());
    let unchanged = fixture::update(7, Some((b'O', old)), &[Some("2"), Some("10"), Some(UNCHANGED)]);
    assert_eq!(change(&table, &unchanged), RowChange::default());
    let other_note = fixture::update(7, Some((b'O', old)), &[Some("1"), Some("10"), Some("y")]);
    assert_eq!(keys(&change(&table, &other_note)), ["10"]);
    let null_note = fixture::update(7, Some((b'O', old)), &[Some("1"), Some("10"), None]);
    assert_eq!(keys(&change(&table, &null_note)), ["10"]);
}

#[test]
fn a_change_is_never_dropped_where_a_column_of_the_edge_is_not_in_the_stream() {
    let plan = plan().edge(1, "shop.items", &["order_id"], &["generated"]);
    let table = bound(&plan, b'f', ALL_IN_IDENTITY);
    let row: &[Option<&str>] = &[Some("1"), Some("10"), Some("x")];
    let change = change(&table, &fixture::update(7, Some((b'O', row)), row));
    assert_eq!(keys(&change), ["10"]);
    assert_eq!(change.hits[0].index, 1);
}

#[test]
fn without_an_old_row_the_identity_did_not_change() {
    let columns = &[("id", true), ("order_id", true), ("note", false)];
    let table = bound(&plan(), b'i', columns);
    let update = fixture::update(7, None, &[Some("1"), Some("10"), Some("y")]);
    assert_eq!(keys(&change(&table, &update)), ["10"]);
    let moved =
        fixture::update(7, Some((b'K', &[Some("1"), Some("10"), None])), &[Some("1"), Some("11"), Some("y")]);
    assert_eq!(keys(&change(&table, &moved)), ["10", "11"]);
    assert_eq!(keys(&change(&table, &fixture::delete(7, b'K', &[Some("1"), Some("10"), None]))), ["10"]);
}

#[test]
fn an_old_row_whose_identity_lacks_a_navigation_column_is_unusable_by_name() {
    let plan = plan().edge(3, "shop.items", &["id"], &["id"]);
    let table = bound(&plan, b'd', KEY_IN_IDENTITY);
    for bytes in [
        fixture::update(7, None, &[Some("1"), Some("10"), Some("y")]),
        fixture::delete(7, b'K', &[Some("1"), None, None]),
    ] {
        let change = change(&table, &bytes);
        let reason = "the old row of `shop.items` does not carry `order_id`".to_owned();
        assert_eq!(change.unusable, [incomplete(reason)]);
        assert_eq!(change.hits.len(), 1, "the other index goes on");
    }
}

#[test]
fn a_navigation_column_that_no_row_carries_is_unusable_by_name() {
    let plan = Plan::default().edge(0, "shop.items", &["generated"], &["generated"]);
    let table = bound(&plan, b'f', ALL_IN_IDENTITY);
    let change = change(&table, &fixture::insert(7, &[Some("1"), Some("10"), Some("x")]));
    let reason = "a row of `shop.items` does not carry `generated`".to_owned();
    assert_eq!(change.unusable, [incomplete(reason)]);
}

#[test]
fn an_unchanged_out_of_line_navigation_value_is_taken_from_the_old_row() {
    let columns = &[("id", true), ("order_id", true), ("note", false)];
    let table = bound(&plan(), b'i', columns);
    let with_old = fixture::update(
        7,
        Some((b'K', &[Some("1"), Some("10"), None])),
        &[Some("2"), Some(UNCHANGED), Some("y")],
    );
    assert_eq!(keys(&change(&table, &with_old)), ["10"]);
    let without = change(&table, &fixture::update(7, None, &[Some("2"), Some(UNCHANGED), Some("y")]));
    let reason = "an update of `shop.items` does not carry `order_id`".to_owned();
    assert_eq!(without.unusable, [incomplete(reason)]);
}

#[test]
fn text_that_is_not_utf8_is_an_error_without_the_value() {
    let table = bound(&plan(), b'd', KEY_IN_IDENTITY);
    let bytes = [&b"I\0\0\0\x07N\0\x03t\0\0\0\x011t\0\0\0\x01"[..], &[0xff], b"n"].concat();
    let Ok(Message::Insert { new, .. }) = decode(&bytes) else { panic!("an insert") };
    let error = table.inserted(&new).expect_err("it is not UTF-8");
    assert_eq!(error.to_string(), "column `order_id` of `shop.items` holds text that is not UTF-8");
}

#[test]
fn a_row_of_another_width_is_malformed() {
    let table = bound(&plan(), b'd', KEY_IN_IDENTITY);
    let short = fixture::insert(7, &[Some("1")]);
    let Ok(Message::Insert { new, .. }) = decode(&short) else { panic!("an insert") };
    assert!(matches!(table.inserted(&new), Err(RowError::Malformed(_))));
}
