//! The lock's queries on their way to one reading transaction.

use std::collections::BTreeSet;

use flusso_runtime::documents::Selection;
use flusso_schemas::lock::{Edge, IndexPlan, Node};
use flusso_schemas::name::TableName;

use super::compose::{Rows, compose, keys_only};
use super::fault::Fault;
use super::parameter::Parameter;
use super::pool::{Reader, StatementText};
use super::transaction::Reading;

/// Queries of one index as the lock has them.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) index: &'a IndexPlan,
    queries: Vec<&'a str>,
    /// Whether of each query only its keys are wanted.
    keys_only: bool,
}

impl<'a> Sources<'a> {
    /// Every node, in the plan's order.
    pub(super) fn of_nodes(index: &'a IndexPlan) -> Self {
        let queries = index.nodes.iter().map(|node| node.sql.as_str()).collect();
        Self { index, queries, keys_only: false }
    }

    /// The keys of the root's rows.
    pub(super) fn of_keys(index: &'a IndexPlan) -> Result<Self, Fault> {
        let root = index.nodes.iter().find(|node| Node::is_root(node));
        let root = root.ok_or_else(|| Fault::Internal("the lock has no root node".to_owned()))?;
        Ok(Self { index, queries: vec![&root.sql], keys_only: true })
    }

    /// An edge's way to the root.
    pub(super) fn of_resolve(index: &'a IndexPlan, edge: &'a Edge) -> Result<Self, Fault> {
        let resolve = edge.resolve.as_deref();
        let resolve = resolve
            .ok_or_else(|| Fault::Internal(format!("`{}` leads to the root without a query", edge.table)))?;
        Ok(Self { index, queries: vec![resolve], keys_only: false })
    }

    /// The bound of a chunk.
    pub(super) fn of_bound(index: &'a IndexPlan) -> Self {
        Self { index, queries: vec![&index.bound], keys_only: false }
    }

    /// The queries for a selection.
    pub(super) fn selected<'r>(
        &self,
        selection: &'r Selection,
        must_see: &'r [u32],
    ) -> Result<Reading<'r>, Fault>
    where
        'a: 'r,
    {
        match selection {
            Selection::Keys(keys) => {
                let parameters = Parameter::of_keys(keys, self.index.key.len())?;
                self.reading(Rows::Keys, parameters, must_see)
            }
            Selection::Range { after, up_to } => {
                let rows = Rows::Range { after: after.as_ref(), up_to: up_to.as_ref() };
                self.reading(rows, Vec::new(), must_see)
            }
        }
    }

    /// The queries with their marks replaced.
    pub(super) fn reading<'r>(
        &self,
        rows: Rows<'_>,
        parameters: Vec<Parameter<'r>>,
        must_see: &'r [u32],
    ) -> Result<Reading<'r>, Fault>
    where
        'a: 'r,
    {
        let tables: BTreeSet<&TableName> = self.index.edges.iter().map(|edge| &edge.table).collect();
        Ok(Reading {
            tables: tables.into_iter().cloned().collect(),
            search_path: &self.index.search_path,
            statements: self.composed(rows)?,
            parameters,
            must_see,
        })
    }

    fn composed(&self, rows: Rows<'_>) -> Result<Vec<StatementText>, Fault> {
        let statement = |sql: &&str| {
            let text = compose(sql, &self.index.key, rows)?;
            let text = if self.keys_only { keys_only(&text, self.index.key.len()) } else { text };
            Ok(StatementText { text, kept: rows.recur() })
        };
        self.queries.iter().map(statement).collect()
    }

    /// Whether a query failed for the catalog or for a row: prepared alone it reads no row.
    pub(super) async fn judge(&self, reader: &mut Reader, reading: &Reading<'_>, fault: Fault) -> Fault {
        reader.forget();
        let mut bare = match self.composed(Rows::ALL) {
            Ok(bare) => bare,
            Err(fault) => return fault,
        };
        // Prepared with the parameters of what failed: a reading of all rows has others.
        bare.iter_mut().for_each(|statement| statement.kept = false);
        match reader.prepare(&bare, &reading.types()).await {
            Err(unread) => unread.of_catalog(),
            Ok(_) => fault,
        }
    }
}
