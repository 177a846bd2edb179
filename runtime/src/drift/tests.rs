//! Which changes of a record count, and which do not.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::state::IdentityRecord;

use super::*;

const VERSION: u32 = 7;

fn column(num: i16) -> ColumnRecord {
    ColumnRecord {
        num,
        type_oid: 23,
        modifier: None,
        not_null: num == 1,
        default_xmin: None,
        xmin: VERSION,
        has_missing: false,
        tuning: String::new(),
    }
}

fn name() -> TableName {
    TableName::new("shop", "orders")
}

fn record() -> CatalogRecord {
    let table = TableRecord {
        oid: 5,
        file: 50,
        class_xmin: VERSION,
        identity: IdentityRecord { form: "d".to_owned(), columns: BTreeSet::from([Ident::new("id")]) },
        published: Some(90),
        children: BTreeSet::new(),
        unique: BTreeSet::from([vec![Ident::new("id")]]),
        columns: BTreeMap::from([(Ident::new("id"), column(1)), (Ident::new("note"), column(2))]),
        layout: vec![Ident::new("id"), Ident::new("note")],
    };
    let publication = PublicationRecord {
        oid: 9,
        xmin: VERSION,
        owner: 10,
        sends: ["insert", "update", "delete", "truncate"].map(str::to_owned).into(),
        via_root: false,
    };
    CatalogRecord {
        publication: Some(publication),
        tables: BTreeMap::from([(name(), table)]),
        labels: BTreeMap::from([("shop.status".to_owned(), BTreeMap::from([("paid".to_owned(), 4)]))]),
        functions: BTreeMap::from([("shop.f(integer)".to_owned(), VERSION)]),
    }
}

fn table(record: &mut CatalogRecord) -> &mut TableRecord {
    record.tables.get_mut(&name()).expect("the table")
}

fn note(record: &mut CatalogRecord) -> &mut ColumnRecord {
    table(record).columns.get_mut(&Ident::new("note")).expect("the column")
}

fn publication(record: &mut CatalogRecord) -> &mut PublicationRecord {
    record.publication.as_mut().expect("the publication")
}

/// Causes of what differs after a change, as the record says.
fn causes(change: impl FnOnce(&mut CatalogRecord)) -> Vec<StaleCause> {
    let mut now = record();
    change(&mut now);
    differences(&record(), &now, Compare::All).into_iter().map(|found| found.cause).collect()
}

#[test]
fn a_file_node_or_a_column_version_alone_is_no_rewrite_and_both_are() {
    assert_eq!(causes(|now| table(now).file = 51), []);
    assert_eq!(causes(|now| note(now).xmin = 8), []);
    let both = |now: &mut CatalogRecord| {
        table(now).file = 51;
        note(now).xmin = 8;
    };
    assert_eq!(causes(both), [StaleCause::TableRewritten]);
}

#[test]
fn a_rewrite_that_a_grant_on_the_table_followed_is_a_rewrite() {
    let granted = |now: &mut CatalogRecord| {
        (table(now).file, table(now).class_xmin) = (51, 9);
        note(now).xmin = 8;
    };
    assert_eq!(causes(granted), [StaleCause::TableRewritten]);
}

#[test]
fn another_file_beside_a_column_setting_is_left_to_a_comparison() {
    let tuned = |class_xmin| {
        move |now: &mut CatalogRecord| {
            (table(now).file, table(now).class_xmin) = (51, class_xmin);
            (note(now).xmin, note(now).tuning) = (8, "100".to_owned());
        }
    };
    assert_eq!(causes(tuned(9)), [StaleCause::TableMaybeRewritten]);
    assert_eq!(causes(tuned(8)), [StaleCause::TableRewritten], "one transaction did both");
    let other_column_too = |now: &mut CatalogRecord| {
        tuned(9)(now);
        table(now).columns.get_mut(&Ident::new("id")).expect("the column").xmin = 10;
    };
    assert_eq!(causes(other_column_too), [StaleCause::TableRewritten]);
    let mut before = record();
    note(&mut before).has_missing = true;
    let mut vacuumed = record();
    (table(&mut vacuumed).file, table(&mut vacuumed).class_xmin) = (51, 8);
    note(&mut vacuumed).xmin = 8;
    let found = differences(&before, &vacuumed, Compare::All);
    assert_eq!(
        found[0].cause,
        StaleCause::TableMaybeRewritten,
        "VACUUM FULL writes a column that rows lacked"
    );
}

#[test]
fn a_publication_is_as_it_was_where_only_its_owner_changed() {
    let owned = |now: &mut CatalogRecord| {
        (publication(now).xmin, publication(now).owner) = (8, 11);
    };
    assert_eq!(causes(owned), []);
    assert_eq!(causes(|now| publication(now).xmin = 8), [StaleCause::PublicationAltered], "set and back");
    let inserts_only = |now: &mut CatalogRecord| {
        owned(now);
        publication(now).sends = BTreeSet::from(["insert".to_owned()]);
    };
    assert_eq!(causes(inserts_only), [StaleCause::PublicationAltered]);
    assert_eq!(causes(|now| publication(now).oid = 12), [StaleCause::PublicationReplaced]);
    assert_eq!(causes(|now| now.publication = None), [StaleCause::PublicationMissing]);
    assert_eq!(causes(|now| table(now).published = Some(91)), [StaleCause::TableUnpublished]);
    assert_eq!(causes(|now| table(now).published = None), [StaleCause::TableUnpublished]);
}

#[test]
fn an_identity_is_compared_by_what_it_holds() {
    assert_eq!(causes(|now| table(now).identity.form = "i".to_owned()), []);
    let narrowed = |now: &mut CatalogRecord| table(now).identity.columns.clear();
    assert_eq!(causes(narrowed), [StaleCause::IdentityNarrowed]);
    let widened = |now: &mut CatalogRecord| {
        table(now).identity.columns.insert(Ident::new("note"));
    };
    assert_eq!(causes(widened), []);
}

#[test]
fn what_apply_alters_itself_is_left_out_where_that_is_asked() {
    let mut now = record();
    now.publication = None;
    table(&mut now).published = None;
    table(&mut now).identity.columns.clear();
    assert_eq!(differences(&record(), &now, Compare::ButManaged), []);
    assert_eq!(differences(&record(), &now, Compare::All).len(), 3);
}

#[test]
fn a_column_is_compared_by_place_type_nullability_and_expression() {
    assert_eq!(causes(|now| note(now).num = 3), [StaleCause::ColumnReplaced]);
    assert_eq!(causes(|now| note(now).type_oid = 20), [StaleCause::ColumnRetyped]);
    assert_eq!(causes(|now| note(now).modifier = Some(24)), [StaleCause::ColumnRetyped]);
    assert_eq!(causes(|now| note(now).default_xmin = Some(8)), [StaleCause::ColumnRegenerated]);
    assert_eq!(causes(|now| note(now).not_null = true), [], "stricter than before");
    let nullable = |now: &mut CatalogRecord| {
        table(now).columns.get_mut(&Ident::new("id")).expect("the column").not_null = false;
    };
    assert_eq!(causes(nullable), [StaleCause::ColumnNullable]);
    let dropped = |now: &mut CatalogRecord| drop(table(now).columns.remove(&Ident::new("note")));
    assert_eq!(causes(dropped), [StaleCause::ColumnMissing]);
}

#[test]
fn what_was_added_is_no_difference_and_what_is_missing_is() {
    let added = |now: &mut CatalogRecord| {
        table(now).columns.insert(Ident::new("new"), column(3));
        now.labels.entry("shop.status".to_owned()).or_default().insert("new".to_owned(), 6);
        now.functions.insert("shop.g(text)".to_owned(), VERSION);
    };
    assert_eq!(causes(added), []);
    assert_eq!(causes(|now| now.labels.clear()), [StaleCause::LabelMissing]);
    assert_eq!(causes(|now| now.functions.clear()), [StaleCause::FunctionChanged]);
    for overload in ["shop.f(text)", "other.f(integer)"] {
        let causes = causes(|now| {
            now.functions.insert(overload.to_owned(), VERSION);
        });
        assert_eq!(causes, [StaleCause::FunctionChanged], "{overload}");
    }
    assert_eq!(causes(|now| table(now).unique.clear()), [StaleCause::UniquenessLost]);
    assert_eq!(causes(|now| now.tables.clear()), [StaleCause::TableMissing]);
    assert_eq!(causes(|now| table(now).oid = 6), [StaleCause::TableReplaced]);
}

#[test]
fn words_name_table_and_column_and_show_no_number_of_the_catalog() {
    let mut now = record();
    (note(&mut now).type_oid, publication(&mut now).oid) = (20, 16_401);
    let words: Vec<String> =
        differences(&record(), &now, Compare::All).iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        ["the publication was dropped and created again", "column `shop.orders.note` has another type"]
    );
}

#[test]
fn a_renewed_record_keeps_the_layout_that_rows_on_their_way_may_have() {
    let mut now = record();
    table(&mut now).layout.pop();
    table(&mut now).file = 51;
    let mut expected = record();
    table(&mut expected).file = 51;
    assert_eq!(renewed(&record(), now.clone()), expected);
    table(&mut now).oid = 6;
    assert_eq!(renewed(&record(), now.clone()), now, "another table has a layout of its own");
}
