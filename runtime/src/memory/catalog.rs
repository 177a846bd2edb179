//! The source's catalog: what an ALTER changes, and the record of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flusso_schemas::name::Ident;
use flusso_schemas::state::{CatalogRecord, ColumnRecord, IdentityRecord, PublicationRecord, TableRecord};

use super::tables::{Table, edges_of};
use super::world::{Inner, World};

/// The column of every table that an ALTER is about.
const COLUMN: &str = "value";

/// Version of every table's own row, which no column ever has here.
const CLASS_VERSION: u32 = u32::MAX;

/// What ALTERs of each table left behind.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    versions: BTreeMap<Table, u32>,
    types: BTreeMap<Table, u32>,
    tunings: BTreeMap<Table, u32>,
}

impl World {
    /// Another type for a column of a table, without a rewrite.
    pub fn retype(&self, table: Table) {
        self.with(|inner| *inner.catalog.types.entry(table).or_default() += 1);
    }

    /// An ALTER that rewrites the rows of a table and leaves its columns as they are.
    pub fn rewrite(&self, table: Table) {
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
    pub fn maintain(&self, table: Table) {
        self.rewrite(table);
        self.with(|inner| *inner.catalog.tunings.entry(table).or_default() += 1);
    }
}

impl Inner {
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
            oid: table as u32,
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
