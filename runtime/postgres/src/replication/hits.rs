//! From a decoded row change to the edges along which it leads to documents.

use std::collections::{BTreeSet, HashMap};

use flusso_runtime::documents::Key;
use flusso_runtime::source::EdgeHit;
use flusso_schemas::lock::{Edge, Lock};
use flusso_schemas::name::{Ident, TableName};

use super::bytes::Malformed;
use super::pgoutput::{Relation, Row, Value};

/// The edges of a plan by the table whose changes they follow.
#[derive(Debug)]
pub(super) struct Routes(HashMap<TableName, Vec<Route>>);

#[derive(Debug)]
struct Route {
    index: usize,
    edge: usize,
    navigation: Vec<Ident>,
    compared: Vec<Ident>,
}

/// The edges of one table, bound to the columns of its present description.
#[derive(Debug)]
pub(super) struct BoundTable {
    table: TableName,
    columns: Vec<Ident>,
    identity_full: bool,
    edges: Vec<BoundEdge>,
}

#[derive(Debug)]
struct BoundEdge {
    index: usize,
    edge: usize,
    /// Where the navigation columns stand in a row; else the first that no row carries.
    navigation: Result<Vec<usize>, Ident>,
    /// The first navigation column that an old row does not carry.
    not_in_old_rows: Option<Ident>,
    /// Where every column that matters stands; none where a row does not carry one of them (a
    /// generated column), so that no change of it can be told.
    compared: Option<Vec<usize>>,
}

/// What one row change means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RowChange {
    /// Where it leads.
    pub(super) hits: Vec<EdgeHit>,
    /// Indexes that cannot know, and why.
    pub(super) unusable: Option<(BTreeSet<usize>, String)>,
}

/// A row that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    /// It does not fit its description.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A navigation value is not UTF-8.
    #[error("column `{column}` of `{table}` holds text that is not UTF-8")]
    NotUtf8 { table: TableName, column: Ident },
}

impl Routes {
    /// The routes of every index of a plan.
    pub(super) fn new(plan: &Lock) -> Self {
        let mut by_table: HashMap<TableName, Vec<Route>> = HashMap::new();
        for (index, index_plan) in plan.indexes.iter().enumerate() {
            for (edge, edge_plan) in index_plan.edges.iter().enumerate() {
                by_table.entry(edge_plan.table.clone()).or_default().push(Route::new(index, edge, edge_plan));
            }
        }
        Self(by_table)
    }

    /// Binds the edges of a relation's table to its columns.
    pub(super) fn bind(&self, relation: Relation) -> BoundTable {
        let routes = self.0.get(&relation.table).map(Vec::as_slice).unwrap_or_default();
        BoundTable {
            edges: routes.iter().map(|route| route.bind(&relation)).collect(),
            identity_full: relation.identity_full,
            columns: relation.columns.into_iter().map(|column| column.name).collect(),
            table: relation.table,
        }
    }
}

impl Route {
    fn new(index: usize, edge: usize, plan: &Edge) -> Self {
        let compared: BTreeSet<&Ident> = plan.columns.keys().chain(&plan.navigation).collect();
        Self {
            index,
            edge,
            navigation: plan.navigation.clone(),
            compared: compared.into_iter().cloned().collect(),
        }
    }

    fn bind(&self, relation: &Relation) -> BoundEdge {
        let position = |name: &Ident| relation.columns.iter().position(|column| column.name == *name);
        let in_old_rows = |name: &Ident| position(name).is_some_and(|at| relation.columns[at].identity);
        BoundEdge {
            index: self.index,
            edge: self.edge,
            navigation: self.navigation.iter().map(|name| position(name).ok_or(name.clone())).collect(),
            not_in_old_rows: self.navigation.iter().find(|name| !in_old_rows(name)).cloned(),
            compared: self.compared.iter().map(position).collect(),
        }
    }
}

impl BoundTable {
    /// The table.
    pub(super) fn table(&self) -> &TableName {
        &self.table
    }

    /// The indexes that follow it.
    pub(super) fn indexes(&self) -> BTreeSet<usize> {
        self.edges.iter().map(|edge| edge.index).collect()
    }

    /// A row appeared.
    pub(super) fn inserted(&self, new: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(new)?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match &edge.navigation {
                Ok(navigation) => self.lead(&mut change, edge, navigation, new, None)?,
                Err(column) => change.miss(edge, self.not_carried("a row", column)),
            }
        }
        Ok(change)
    }

    /// A row went.
    pub(super) fn deleted(&self, old: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(old)?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match edge.old_navigation() {
                Ok(navigation) => self.lead(&mut change, edge, navigation, old, None)?,
                Err(column) => change.miss(edge, self.not_carried("the old row", column)),
            }
        }
        Ok(change)
    }

    /// A row changed. Without an old row nothing of its identity changed.
    pub(super) fn updated(&self, old: Option<&Row<'_>>, new: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(new)?;
        old.map_or(Ok(()), |old| self.check(old))?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match edge.old_navigation() {
                Err(column) => change.miss(edge, self.not_carried("the old row", column)),
                Ok(_) if self.identity_full && edge.is_untouched(old, new) => {}
                Ok(navigation) => {
                    if let Some(old) = old {
                        self.lead(&mut change, edge, navigation, old, None)?;
                    }
                    self.lead(&mut change, edge, navigation, new, old)?;
                }
            }
        }
        Ok(change)
    }

    /// Adds the hit of one row along one edge, if it leads anywhere. `fallback` is the row that an
    /// unchanged out-of-line value is taken from.
    fn lead(
        &self,
        change: &mut RowChange,
        edge: &BoundEdge,
        navigation: &[usize],
        row: &Row<'_>,
        fallback: Option<&Row<'_>>,
    ) -> Result<(), RowError> {
        let mut parts = Vec::with_capacity(navigation.len());
        for at in navigation {
            let value = match (row.0[*at], fallback) {
                (Value::Unchanged, Some(fallback)) => fallback.0[*at],
                (value, _) => value,
            };
            match value {
                Value::Null => return Ok(()),
                Value::Text(bytes) => parts.push(self.utf8(*at, bytes)?),
                Value::Unchanged => {
                    change.miss(edge, self.not_carried("an update", &self.columns[*at]));
                    return Ok(());
                }
            }
        }
        change.hit(EdgeHit { index: edge.index, edge: edge.edge, key: Key(parts) });
        Ok(())
    }

    fn utf8(&self, at: usize, bytes: &[u8]) -> Result<String, RowError> {
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| RowError::NotUtf8 { table: self.table.clone(), column: self.columns[at].clone() })
    }

    fn check(&self, row: &Row<'_>) -> Result<(), Malformed> {
        if row.0.len() == self.columns.len() {
            Ok(())
        } else {
            Err(Malformed("a row that does not fit its table's description"))
        }
    }

    fn not_carried(&self, row: &str, column: &Ident) -> String {
        format!("{row} of `{}` does not carry `{column}`", self.table)
    }
}

impl BoundEdge {
    /// Where the navigation stands in an old row; else the first column of it that is not there.
    fn old_navigation(&self) -> Result<&[usize], &Ident> {
        match (&self.navigation, &self.not_in_old_rows) {
            (Ok(navigation), None) => Ok(navigation),
            (Err(column), _) | (_, Some(column)) => Err(column),
        }
    }

    /// Whether every column that matters is known to be as it was; both rows are whole.
    fn is_untouched(&self, old: Option<&Row<'_>>, new: &Row<'_>) -> bool {
        let (Some(old), Some(compared)) = (old, &self.compared) else { return false };
        compared.iter().all(|at| new.0[*at] == Value::Unchanged || new.0[*at] == old.0[*at])
    }
}

impl RowChange {
    fn hit(&mut self, hit: EdgeHit) {
        // A row whose navigation did not change leads to one place, not two.
        if self.hits.last() != Some(&hit) {
            self.hits.push(hit);
        }
    }

    fn miss(&mut self, edge: &BoundEdge, reason: String) {
        self.unusable.get_or_insert_with(|| (BTreeSet::new(), reason)).0.insert(edge.index);
    }
}

#[cfg(test)]
mod tests;
