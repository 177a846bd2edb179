//! From a decoded row change to the edges along which it leads to documents.
//!
//! Rules *resolve* and *old-row* of docs/correctness.md.

use std::collections::BTreeSet;

use flusso_runtime::documents::Key;
use flusso_runtime::source::DirtyKey;
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::StaleCause;

use super::bytes::Malformed;
use super::pgoutput::{Relation, Row, Value};
use super::routes::Mismatch;

/// The edges of one table, bound to the columns of its present description.
#[derive(Debug)]
pub(super) struct BoundTable {
    table: TableName,
    columns: Vec<Ident>,
    identity_full: bool,
    edges: Vec<BoundEdge>,
    /// Indexes for which this is not the table that was recorded, and why.
    mismatches: Vec<Mismatch>,
}

#[derive(Debug)]
pub(super) struct BoundEdge {
    pub(super) index: usize,
    pub(super) edge: usize,
    /// Where the navigation columns are in a row; else the first that no row carries.
    pub(super) navigation: Result<Vec<usize>, Ident>,
    /// The first navigation column that an old row does not carry.
    pub(super) not_in_old_rows: Option<Ident>,
    /// Positions of every relevant column; `None` if a row lacks one of them (a generated column), so that
    /// its changes cannot be detected.
    pub(super) compared: Option<Vec<usize>>,
}

/// The effect of one row change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RowChange {
    /// Keys that are dirty at the root or on the way there.
    pub(super) hits: Vec<DirtyKey>,
    /// Indexes that cannot know, and why.
    pub(super) unusable: Vec<Unusable>,
}

/// Indexes that a change of one table is lost for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Unusable {
    /// Positions in the plan.
    pub(super) indexes: BTreeSet<usize>,
    pub(super) cause: StaleCause,
    /// The same in words.
    pub(super) reason: String,
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

impl BoundTable {
    pub(super) fn table(&self) -> &TableName {
        &self.table
    }

    /// A table as the server describes it, with the edges that follow it.
    pub(super) fn new(relation: Relation, edges: Vec<BoundEdge>, mismatches: Vec<Mismatch>) -> Self {
        Self {
            edges,
            mismatches,
            identity_full: relation.identity_full,
            columns: relation.columns.into_iter().map(|column| column.name).collect(),
            table: relation.table,
        }
    }

    /// The indexes that follow it.
    pub(super) fn indexes(&self) -> BTreeSet<usize> {
        self.edges.iter().map(|edge| edge.index).collect()
    }

    /// What any change of it means to indexes for which it is not the recorded table.
    pub(super) fn mismatches(&self) -> Vec<Unusable> {
        // One event for all indexes of one reason: following stops at the first, and each is marked.
        let mut all: Vec<Unusable> = Vec::new();
        for mismatch in &self.mismatches {
            match all.iter_mut().find(|one| one.cause == mismatch.cause && one.reason == mismatch.reason) {
                Some(known) => drop(known.indexes.insert(mismatch.index)),
                None => all.push(Unusable {
                    indexes: BTreeSet::from([mismatch.index]),
                    cause: mismatch.cause,
                    reason: mismatch.reason.clone(),
                }),
            }
        }
        all
    }

    /// The effect of a new row, by its new columns alone.
    pub(super) fn inserted(&self, new: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(new)?;
        let mut change = RowChange { hits: Vec::new(), unusable: self.mismatches() };
        for edge in &self.edges {
            match &edge.navigation {
                Ok(navigation) => self.lead(&mut change, edge, navigation, new, None)?,
                Err(column) => change.miss(edge, self.not_carried("a row", column)),
            }
        }
        Ok(change)
    }

    /// The effect of a deleted row, by the columns of its identity.
    pub(super) fn deleted(&self, old: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(old)?;
        let mut change = RowChange { hits: Vec::new(), unusable: self.mismatches() };
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
        let mut change = RowChange { hits: Vec::new(), unusable: self.mismatches() };
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
        change.hit(DirtyKey { index: edge.index, edge: edge.edge, key: Key(parts) });
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
        format!("{row} of `{}` lacks `{column}`", self.table)
    }
}

impl BoundEdge {
    /// Positions of the navigation columns in an old row, or the first one that is missing.
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
    fn hit(&mut self, hit: DirtyKey) {
        // A row whose navigation did not change leads to one place, not two.
        if self.hits.last() != Some(&hit) {
            self.hits.push(hit);
        }
    }

    fn miss(&mut self, edge: &BoundEdge, reason: String) {
        let cause = StaleCause::RowIncomplete;
        match self.unusable.iter_mut().find(|known| known.cause == cause) {
            Some(known) => drop(known.indexes.insert(edge.index)),
            None => {
                let indexes = BTreeSet::from([edge.index]);
                self.unusable.push(Unusable { indexes, cause, reason });
            }
        }
    }
}

#[cfg(test)]
mod tests;
