//! The source's catalog: what an ALTER changes, and the record of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flusso_schemas::name::Ident;
use flusso_schemas::state::{CatalogRecord, ColumnRecord, IdentityRecord, PublicationRecord, TableRecord};

use super::tables::{Change, Table, Tables, edges_of};
use super::world::{Inner, World};

/// Oid of an empty table that has another's name.
const OID_OF_REPLACEMENT: u32 = 99;
/// The column of every table that an ALTER is about.
const COLUMN: &str = "value";

/// Version of every table's own row, which no column ever has here.
const CLASS_VERSION: u32 = u32::MAX;

/// What ALTERs of each table left behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    versions: BTreeMap<Table, u32>,
    types: BTreeMap<Table, u32>,
    tunings: BTreeMap<Table, u32>,
    /// Tables whose name an empty table has.
    replaced: BTreeSet<Table>,
}

impl World {
    /// Another type for a column of a table, without a rewrite.
    pub(crate) fn retype(&self, table: Table) {
        self.with(|inner| *inner.catalog.types.entry(table).or_default() += 1);
    }

    /// An empty table takes a table's name. What is read by that name finds no row.
    pub(crate) fn replace(&self, table: Table) {
        self.with(|inner| {
            inner.catalog.replaced.insert(table);
        });
    }

    /// The table has its name back.
    pub(crate) fn put_back(&self, table: Table) {
        self.with(|inner| {
            inner.catalog.replaced.remove(&table);
        });
    }

    /// An ALTER that rewrites the rows of a table and leaves its columns as they are.
    pub(crate) fn rewrite(&self, table: Table) {
        self.with(|inner| {
            *inner.catalog.versions.entry(table).or_default() += 1;
            Arc::make_mut(&mut inner.visible).change_file(table);
            inner.latest.change_file(table);
        });
    }
}

impl World {
    /// Maintenance that rewrites a table's file as it is, and a setting of its column: for the record
    /// these may have been an ALTER that rewrote rows.
    pub(crate) fn maintain(&self, table: Table) {
        self.rewrite(table);
        self.with(|inner| *inner.catalog.tunings.entry(table).or_default() += 1);
    }
}

impl Inner {
    /// What a snapshot finds by the tables' names.
    pub(super) fn named(&self) -> Arc<Tables> {
        let mut tables = self.visible.clone();
        for table in &self.catalog.replaced {
            Arc::make_mut(&mut tables).apply(&Change::Truncate(*table));
        }
        tables
    }

    /// What the index at a position of the lock depends on.
    pub(super) fn catalog_record(&self, position: usize) -> CatalogRecord {
        let is_read = |table: &Table| edges_of(*table).iter().any(|(at, ..)| *at == position);
        let tables = Table::ALL.into_iter().filter(is_read);
        let publication = self.publication.map(|oid| PublicationRecord {
            oid,
            xmin: 1,
            owner: 10,
            sends: BTreeSet::new(),
            via_root: false,
        });
        CatalogRecord {
            publication,
            tables: tables.map(|table| (table.name(), self.table_record(table))).collect(),
            ..CatalogRecord::default()
        }
    }

    fn table_record(&self, table: Table) -> TableRecord {
        let of = |facts: &BTreeMap<Table, u32>| facts.get(&table).copied().unwrap_or_default();
        let column = ColumnRecord {
            num: 1,
            type_oid: of(&self.catalog.types),
            modifier: None,
            not_null: false,
            default_xmin: None,
            xmin: of(&self.catalog.versions),
            has_missing: false,
            tuning: of(&self.catalog.tunings).to_string(),
        };
        TableRecord {
            oid: if self.catalog.replaced.contains(&table) { OID_OF_REPLACEMENT } else { table as u32 },
            file: self.visible.file_node(table),
            class_xmin: CLASS_VERSION,
            identity: IdentityRecord { form: "f".to_owned(), columns: BTreeSet::new() },
            published: self.publication,
            children: BTreeSet::new(),
            unique: BTreeSet::new(),
            columns: BTreeMap::from([(Ident::new(COLUMN), column)]),
            layout: vec![Ident::new(COLUMN)],
        }
    }
}
