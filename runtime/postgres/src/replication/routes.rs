//! Which table a row belongs to: rule *relation-identity*. The oid decides, as the indexes recorded it;
//! a name may be another table's by the time a row is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flusso_schemas::lock::{Edge, Lock};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::{CatalogRecord, StaleCause, TableRecord};

use super::hits::{BoundEdge, BoundTable};
use super::pgoutput::{Column, Relation};

/// The edges of a plan by the table whose changes they follow.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_oid: HashMap<u32, Vec<Recorded>>,
    /// The oids of a name, with the index that recorded each.
    by_name: HashMap<TableName, Vec<(usize, u32)>>,
}

/// One table as one index recorded it.
#[derive(Debug)]
struct Recorded {
    index: usize,
    table: TableName,
    edges: Vec<Route>,
    record: TableRecord,
}

#[derive(Debug)]
struct Route {
    edge: usize,
    navigation: Vec<Ident>,
    compared: BTreeSet<Ident>,
}

/// Why a table is not the one that an index recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Position of the index in the plan.
    pub(super) index: usize,
    pub(super) cause: StaleCause,
    /// The same in words.
    pub(super) reason: String,
}

impl Routes {
    /// The routes of the plan's indexes by the tables that each recorded.
    pub(super) fn new(plan: &Lock, records: &BTreeMap<usize, CatalogRecord>) -> Self {
        let mut routes = Self::default();
        for (&index, catalog) in records {
            let edges = &plan.indexes[index].edges;
            for (table, record) in &catalog.tables {
                let own = edges.iter().enumerate().filter(|(_, edge)| edge.table == *table);
                routes.by_oid.entry(record.oid).or_default().push(Recorded {
                    index,
                    table: table.clone(),
                    edges: own.map(|(at, edge)| Route::new(at, edge)).collect(),
                    record: record.clone(),
                });
                routes.by_name.entry(table.clone()).or_default().push((index, record.oid));
            }
        }
        routes
    }

    /// Binds the edges of a described table to its columns.
    pub(super) fn bind(&self, oid: u32, relation: Relation) -> BoundTable {
        let (mut edges, mut mismatches) = (Vec::new(), self.other_of_the_name(oid, &relation.table));
        for recorded in self.by_oid.get(&oid).into_iter().flatten() {
            match recorded.difference(&relation) {
                Some((cause, reason)) => mismatches.push(Mismatch { index: recorded.index, cause, reason }),
                None => {
                    edges.extend(recorded.edges.iter().map(|route| route.bind(recorded.index, &relation)))
                }
            }
        }
        BoundTable::new(relation, edges, mismatches)
    }

    /// Indexes that recorded another table under this name.
    fn other_of_the_name(&self, oid: u32, name: &TableName) -> Vec<Mismatch> {
        let named = self.by_name.get(name).into_iter().flatten();
        let mismatches = |(index, _): &(usize, u32)| Mismatch {
            index: *index,
            cause: StaleCause::TableReplaced,
            reason: format!("rows were written while another table was named `{name}`"),
        };
        named.filter(|(_, recorded)| *recorded != oid).map(mismatches).collect()
    }
}

impl Recorded {
    fn difference(&self, relation: &Relation) -> Option<(StaleCause, String)> {
        let table = &self.table;
        if relation.table != *table {
            let reason = format!("rows of `{table}` were written while it was named `{}`", relation.table);
            return Some((StaleCause::TableReplaced, reason));
        }
        let (column, cause) = self
            .record
            .columns
            .keys()
            .find_map(|name| self.of_column(name, relation).map(|cause| (name, cause)))?;
        let reason = match cause {
            StaleCause::ColumnRetyped => {
                format!("rows were written while column `{table}.{column}` had another type")
            }
            _ => format!("rows were written while another column was named `{table}.{column}`"),
        };
        Some((cause, reason))
    }

    /// Whether the column of this name is another one than was recorded. What comes before a column can
    /// only become fewer, because columns are added at the end; a column that is not there is judged by
    /// whoever needs it.
    fn of_column(&self, name: &Ident, relation: &Relation) -> Option<StaleCause> {
        let layout = &self.record.layout;
        let recorded = layout.iter().position(|own| own == name)?;
        let at = relation.columns.iter().position(|column| column.name == *name)?;
        let place = |column: &Column| layout.iter().position(|own| *own == column.name);
        let mut before = relation.columns[..at].iter().filter_map(place);
        let next = relation.columns[at + 1..].iter().find_map(place);
        let is_moved = at > recorded
            || before.any(|before| before > recorded)
            // An earlier one that was dropped and added again comes after all that were there.
            || next.is_some_and(|next| next < recorded);
        if is_moved {
            Some(StaleCause::ColumnReplaced)
        } else if self.record.columns[name].type_oid != relation.columns[at].type_oid {
            Some(StaleCause::ColumnRetyped)
        } else {
            None
        }
    }
}

impl Route {
    fn new(edge: usize, plan: &Edge) -> Self {
        let compared = plan.columns.keys().chain(&plan.navigation).cloned().collect();
        Self { edge, navigation: plan.navigation.clone(), compared }
    }

    fn bind(&self, index: usize, relation: &Relation) -> BoundEdge {
        let position = |name: &Ident| relation.columns.iter().position(|column| column.name == *name);
        let in_old_rows = |name: &Ident| position(name).is_some_and(|at| relation.columns[at].identity);
        BoundEdge {
            index,
            edge: self.edge,
            navigation: self.navigation.iter().map(|name| position(name).ok_or(name.clone())).collect(),
            not_in_old_rows: self.navigation.iter().find(|name| !in_old_rows(name)).cloned(),
            compared: self.compared.iter().map(position).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
