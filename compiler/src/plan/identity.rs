//! The replica identity of each captured table: the old row must hold every column that leads from it to
//! documents.
//!
//! Rule *old-row* of docs/correctness.md.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::facts::IndexFacts;
use flusso_schemas::lock::{Identity, TablePlan};
use flusso_schemas::name::{Ident, TableName};

use crate::model::Table;
use crate::sql::{QueryTree, resolve};

/// What a table's replica identity must hold.
#[derive(Clone, Debug)]
pub struct NeededIdentity {
    /// The primary key in order; empty where it has none.
    pub key: Vec<Ident>,
    /// The columns that the old row must carry.
    pub holds: BTreeSet<Ident>,
    /// The cheapest identity that holds them.
    pub identity: Identity,
    /// Indexes that capture the table.
    pub indexes: BTreeSet<String>,
    /// Whether it is some index's root.
    pub is_root: bool,
}

impl NeededIdentity {
    /// As the lock's `[[table]]` says it.
    pub(crate) fn plan(self, name: TableName) -> TablePlan {
        TablePlan {
            name,
            key: self.key,
            identity: self.identity,
            identity_holds: self.holds.into_iter().collect(),
        }
    }
}

/// What every captured table needs.
pub(super) fn needed(trees: &[QueryTree<'_>]) -> BTreeMap<TableName, NeededIdentity> {
    let mut needed: BTreeMap<TableName, (NeededIdentity, &Table)> = BTreeMap::new();
    for tree in trees {
        for (place, row) in tree.rows.iter().enumerate() {
            let empty = || (nothing(row.table), row.table);
            let (table, _) = needed.entry(row.table.name.clone()).or_insert_with(empty);
            table.holds.extend(resolve(tree, place).0);
            table.indexes.insert(tree.index.name.clone());
            table.is_root |= row.parent.is_none();
        }
    }
    let chosen = needed.into_iter().map(|(name, (mut needed, table))| {
        needed.identity = cheapest(table, &needed.holds);
        (name, needed)
    });
    chosen.collect()
}

fn nothing(table: &Table) -> NeededIdentity {
    let key = table.primary_key().unwrap_or_default();
    NeededIdentity {
        key: key.into_iter().map(Ident::new).collect(),
        holds: BTreeSet::new(),
        identity: Identity::Default,
        indexes: BTreeSet::new(),
        is_root: false,
    }
}

/// The primary key, else the index with the fewest columns, else the whole row.
fn cheapest(table: &Table, holds: &BTreeSet<Ident>) -> Identity {
    let usable =
        |index: &&IndexFacts| index.unique && index.immediate && index.valid && holds_all(index, holds);
    let mut indexes: Vec<&IndexFacts> = table.facts.indexes.iter().filter(usable).collect();
    if indexes.iter().any(|index| index.primary) {
        return Identity::Default;
    }
    indexes.retain(|index| !index.partial && !index.expressions && all_not_null(table, index));
    let cheapest = indexes.into_iter().min_by_key(|index| (index.nkeys, index.name.as_str()));
    cheapest.map_or(Identity::Full, |index| Identity::Index(Ident::new(&index.name)))
}

fn holds_all(index: &IndexFacts, holds: &BTreeSet<Ident>) -> bool {
    let keys = &index.columns[..index.nkeys.min(index.columns.len())];
    holds.iter().all(|column| keys.iter().flatten().any(|key| key == column.as_str()))
}

fn all_not_null(table: &Table, index: &IndexFacts) -> bool {
    let mut keys = index.columns.iter().take(index.nkeys);
    keys.all(|key| key.as_deref().and_then(|name| table.column(name)).is_some_and(|facts| facts.not_null))
}
