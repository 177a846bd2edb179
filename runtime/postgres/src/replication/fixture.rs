//! Hand-made messages and plans for this module's tests.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lock::{Edge, IndexPlan, Lock};
use flusso_schemas::name::Ident;
use flusso_schemas::state::{CatalogRecord, ColumnRecord, IdentityRecord, TableRecord};
use flusso_test_locks as locks;

pub(super) fn begin(commit: u64, xid: u32) -> Vec<u8> {
    [&b"B"[..], &commit.to_be_bytes(), &5_i64.to_be_bytes(), &xid.to_be_bytes()].concat()
}

pub(super) fn commit(end: u64) -> Vec<u8> {
    [&b"C\0"[..], &0_u64.to_be_bytes(), &end.to_be_bytes(), &5_i64.to_be_bytes()].concat()
}

pub(super) fn relation(
    id: u32,
    schema: &str,
    table: &str,
    identity: u8,
    columns: &[(&str, bool)],
) -> Vec<u8> {
    let mut bytes = [b"R", &id.to_be_bytes()[..], schema.as_bytes(), b"\0", table.as_bytes(), b"\0"].concat();
    bytes.push(identity);
    bytes.extend((columns.len() as u16).to_be_bytes());
    for (name, in_identity) in columns {
        bytes.push(u8::from(*in_identity));
        bytes.extend(name.as_bytes());
        bytes.extend([0; 9]);
    }
    bytes
}

/// Placeholder for the marker of an unchanged out-of-line value.
pub(super) const UNCHANGED: &str = "\u{1}unchanged";

pub(super) fn row_bytes(values: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = (values.len() as u16).to_be_bytes().to_vec();
    for value in values {
        match value {
            None => bytes.push(b'n'),
            Some(UNCHANGED) => bytes.push(b'u'),
            Some(text) => {
                bytes.push(b't');
                bytes.extend((text.len() as u32).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    bytes
}

pub(super) fn insert(relation: u32, new: &[Option<&str>]) -> Vec<u8> {
    [b"I", &relation.to_be_bytes()[..], b"N", &row_bytes(new)].concat()
}

pub(super) fn update(relation: u32, old: Option<(u8, &[Option<&str>])>, new: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = [b"U", &relation.to_be_bytes()[..]].concat();
    if let Some((marker, values)) = old {
        bytes.push(marker);
        bytes.extend(row_bytes(values));
    }
    bytes.push(b'N');
    bytes.extend(row_bytes(new));
    bytes
}

pub(super) fn delete(relation: u32, marker: u8, old: &[Option<&str>]) -> Vec<u8> {
    [b"D", &relation.to_be_bytes()[..], &[marker], &row_bytes(old)].concat()
}

/// A plan of bare edges.
#[derive(Debug, Default)]
pub(super) struct Plan(BTreeMap<usize, Vec<Edge>>);

impl Plan {
    /// Adds an edge to the index at a position.
    pub(super) fn edge(mut self, index: usize, table: &str, navigation: &[&str], columns: &[&str]) -> Self {
        self.0.entry(index).or_default().push(locks::edge(table, &[], navigation, columns));
        self
    }

    /// What each index recorded: tables by oid, their columns in order, each of a type of its own.
    pub(super) fn records(&self, tables: &[(&str, u32, &[&str])]) -> BTreeMap<usize, CatalogRecord> {
        let record = |edges: &Vec<Edge>| CatalogRecord {
            tables: tables
                .iter()
                .filter(|(name, ..)| edges.iter().any(|edge| edge.table.to_string() == *name))
                .map(|(name, oid, columns)| (name.parse().expect("a table"), table_record(*oid, columns)))
                .collect(),
            ..CatalogRecord::default()
        };
        self.0.iter().map(|(index, edges)| (*index, record(edges))).collect()
    }

    /// The lock that holds these edges and nothing else.
    pub(super) fn lock(&self) -> Lock {
        let count = self.0.keys().next_back().map_or(0, |last| last + 1);
        let edges = |index| self.0.get(&index).cloned().unwrap_or_default();
        let index = |position| IndexPlan { edges: edges(position), ..locks::index("fixture") };
        locks::lock("fixture", (0..count).map(index).collect())
    }
}

fn table_record(oid: u32, columns: &[&str]) -> TableRecord {
    let column = |num| ColumnRecord {
        num,
        type_oid: 0,
        modifier: None,
        not_null: false,
        default_xmin: None,
        xmin: 1,
        has_missing: false,
        tuning: String::new(),
    };
    TableRecord {
        oid,
        file: oid,
        class_xmin: 1,
        identity: IdentityRecord { form: "d".to_owned(), columns: BTreeSet::new() },
        published: None,
        children: BTreeSet::new(),
        unique: BTreeSet::new(),
        columns: columns.iter().zip(1..).map(|(name, num)| (Ident::new(*name), column(num))).collect(),
        layout: columns.iter().map(|name| Ident::new(*name)).collect(),
    }
}
