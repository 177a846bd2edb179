//! When the columns of a described table are the recorded ones.

use super::*;
use crate::replication::fixture::Plan;

const OID: u32 = 7;

/// Why a table that was recorded with columns `a`, `b`, `c`, of which `b` is read, is another one.
fn judged(columns: &[&str]) -> Option<StaleCause> {
    judged_with(columns, |_| 0)
}

fn judged_with(columns: &[&str], type_oid: impl Fn(&str) -> u32) -> Option<StaleCause> {
    let plan = Plan::default().edge(0, "shop.t", &["b"], &["b"]);
    let mut records = plan.records(&[("shop.t", OID, &["a", "b", "c"])]);
    let table = records.get_mut(&0).and_then(|record| record.tables.values_mut().next()).expect("it");
    table.columns.retain(|name, _| name.as_str() == "b");
    let column = |name: &&str| Column { name: Ident::new(*name), identity: true, type_oid: type_oid(name) };
    let relation = Relation {
        table: TableName::new("shop", "t"),
        identity_full: false,
        columns: columns.iter().map(column).collect(),
    };
    Routes::new(&plan.lock(), &records).bind(OID, relation).mismatches().first().map(|found| found.cause)
}

#[test]
fn unrelated_columns_may_come_go_and_be_renamed() {
    for columns in [
        &["a", "b", "c"][..],
        &["a", "b", "c", "added"],
        &["a", "b"],
        &["b", "c"],
        &["renamed", "b", "c"],
        &["renamed", "b", "renamed_too"],
        &["b", "c", "a"],
        &["b"],
    ] {
        assert_eq!(judged(columns), None, "{columns:?}");
    }
}

#[test]
fn a_column_that_took_the_name_of_another_is_noticed() {
    for columns in [
        // Exchanged with one after it, and with one before it.
        &["a", "c", "b"][..],
        &["b", "a", "c"],
        // A new column took the name, the old one has another.
        &["a", "old", "c", "b"],
        // One before it was dropped too.
        &["c", "b"],
    ] {
        assert_eq!(judged(columns), Some(StaleCause::ColumnReplaced), "{columns:?}");
    }
}

#[test]
fn another_type_is_noticed() {
    let retyped = judged_with(&["a", "b", "c"], |name| u32::from(name == "b"));
    assert_eq!(retyped, Some(StaleCause::ColumnRetyped));
    assert_eq!(judged_with(&["a", "b", "c"], |name| u32::from(name == "a")), None);
}
