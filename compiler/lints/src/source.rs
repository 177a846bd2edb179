//! The rule book of a source: what a live server, its role, the publication, the slot and the tables must be for a
//! project to be followed. `flusso check` and the preflight of `apply` and `run` judge by the same functions.

mod catalog;
pub mod identity;
pub mod publication;
pub mod quote;
pub mod relied_on;
pub mod script;
mod server;
pub mod statements;
mod tables;
#[cfg(test)]
mod tests;

use flusso_schemas::facts::CatalogFacts;
use flusso_schemas::lock::{Lock, SourcePlan, TablePlan};
use flusso_schemas::report::Finding;

pub use catalog::drift;
pub use server::before_walsender;
pub use tables::table;

/// What a project needs of its source.
#[derive(Clone, Debug)]
pub struct SourceNeeds<'a> {
    /// Connection, publication, slot, and what flusso may create or alter.
    pub source: &'a SourcePlan,
    /// Every captured table with the names of the indexes that its rows are part of.
    pub tables: Vec<(&'a TablePlan, Vec<&'a str>)>,
}

impl<'a> SourceNeeds<'a> {
    /// What a lock needs.
    pub fn of(lock: &'a Lock) -> Self {
        let readers = |table: &TablePlan| {
            let reads = |index: &&flusso_schemas::lock::IndexPlan| {
                index.edges.iter().any(|edge| edge.table == table.name)
            };
            lock.indexes.iter().filter(reads).map(|index| index.name.as_str()).collect()
        };
        let tables = lock.tables.iter().map(|table| (table, readers(table))).collect();
        Self { source: &lock.source, tables }
    }
}

/// Every finding, the most general first.
pub fn judge(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Vec<Finding> {
    let of_tables = needs.tables.iter().flat_map(|(plan, _)| table(&plan.name, facts));
    server::findings(needs, facts).into_iter().chain(of_tables).chain(capture(needs, facts)).collect()
}

/// What keeps changes of the captured tables from being followed, apart from what each table is
/// ([`table`]) and what the server is ([`judge`] says everything).
pub fn capture(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Vec<Finding> {
    tables::capture(needs, facts)
}

/// What the server, the role, the slot and the publication lack.
pub fn server(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Vec<Finding> {
    server::findings(needs, facts)
}
