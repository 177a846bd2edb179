//! What blocks say about each other: which sinks and tables there are, and which facts and
//! navigation columns the edges of all indexes name.

use std::collections::{BTreeMap, BTreeSet};

use super::super::index::Edge;
use super::super::source::TablePlan;
use super::item::Item;
use super::problem::{Problem, Result};
use crate::name::{Ident, TableName};

/// The blocks around an index, and what its edges and those of other indexes said so far.
#[derive(Default)]
pub(super) struct Surroundings {
    /// Whether an index is read alone: then any sink and any table may be meant.
    alone: bool,
    sinks: BTreeSet<String>,
    tables: BTreeMap<TableName, usize>,
    facts: BTreeMap<(TableName, Ident), String>,
    navigation: BTreeMap<TableName, BTreeSet<Ident>>,
}

impl Surroundings {
    /// Those of an index that stands alone.
    pub(super) fn unknown() -> Self {
        Self { alone: true, ..Self::default() }
    }

    /// A sink that indexes may name.
    pub(super) fn add_sink(&mut self, name: &str) {
        self.sinks.insert(name.to_owned());
    }

    /// A table that edges may name, and where its block begins.
    pub(super) fn add_table(&mut self, table: &TablePlan, at: usize) {
        self.tables.insert(table.name.clone(), at);
    }

    /// A sink that an index names.
    pub(super) fn sink(&self, item: Item<'_>) -> Result<String> {
        let at = item.at;
        let name = item.string()?;
        if self.alone || self.sinks.contains(&name) {
            return Ok(name);
        }
        Err(Problem::new(at, format!("there is no `[[sink]] {name}`")))
    }

    /// The table of an edge.
    pub(super) fn table(&self, item: Item<'_>) -> Result<TableName> {
        let at = item.at;
        let name = item.parsed()?;
        if self.alone || self.tables.contains_key(&name) {
            return Ok(name);
        }
        Err(Problem::new(at, format!("there is no `[[table]] {name}`")))
    }

    /// A fact of a column: every edge says the same about it.
    pub(super) fn fact(&mut self, table: &TableName, column: &Ident, at: usize, facts: &str) -> Result<()> {
        let known = self.facts.entry((table.clone(), column.clone())).or_insert_with(|| facts.to_owned());
        if known == facts {
            return Ok(());
        }
        let message = format!("`{table}.{column}` is `{facts}` here and `{known}` in another edge");
        Err(Problem::new(at, message))
    }

    /// What an edge needs from old rows.
    pub(super) fn navigates(&mut self, edge: &Edge) {
        self.navigation.entry(edge.table.clone()).or_default().extend(edge.navigation.iter().cloned());
    }

    /// Once all indexes are read: each table is followed, and its old rows hold what leads away.
    pub(super) fn finish(&self, tables: &[TablePlan]) -> Result<()> {
        for table in tables {
            let at = self.tables.get(&table.name).copied().unwrap_or_default();
            let name = &table.name;
            let Some(navigation) = self.navigation.get(name) else {
                return Err(Problem::new(at, format!("no index has an edge from `{name}`")));
            };
            if !navigation.iter().eq(&table.identity_holds) {
                let columns: Vec<String> = navigation.iter().map(|column| format!("`{column}`")).collect();
                let needed = columns.join(", ");
                let message =
                    format!("`identity_holds` of `{name}` is not what its edges navigate by: {needed}");
                return Err(Problem::new(at, message));
            }
        }
        Ok(())
    }
}
