//! A publication as the catalog shows it, and the statements that make it what a plan needs.

use flusso_schemas::facts::{CatalogFacts, MembershipFacts, PublicationFacts};
use flusso_schemas::lock::Lock;
use flusso_schemas::name::TableName;

use super::quote::{identifier, quoted};

/// Every operation, as `publish` spells them.
const OPERATIONS: &str = "insert, update, delete, truncate";

/// The plan's publication, if it exists.
pub fn of<'a>(facts: &'a CatalogFacts, name: &str) -> Option<&'a PublicationFacts> {
    facts.server.publications.iter().flatten().find(|each| each.name == name)
}

/// How a table is in the plan's publication; none where it is not.
pub fn membership<'a>(
    facts: &'a CatalogFacts,
    publication: &str,
    table: &TableName,
) -> Option<&'a MembershipFacts> {
    facts.relations.get(table)?.published.iter().find(|each| each.publication == publication)
}

/// Whether a membership hides rows or columns.
pub fn is_narrowed(membership: &MembershipFacts) -> bool {
    membership.columns.is_some() || membership.filtered
}

/// The operations that a publication does not send.
pub fn missing_operations(publication: &PublicationFacts) -> Vec<&'static str> {
    let sent = [publication.insert, publication.update, publication.delete, publication.truncate];
    OPERATIONS.split(", ").zip(sent).filter(|(_, sent)| !sent).map(|(name, _)| name).collect()
}

/// Captured tables that the publication does not hold.
pub fn missing_tables<'a>(plan: &'a Lock, facts: &CatalogFacts) -> Vec<&'a TableName> {
    let name = &plan.source.publication;
    plan.tables
        .iter()
        .map(|table| &table.name)
        .filter(|table| membership(facts, name, table).is_none())
        .collect()
}

/// Captured tables that it publishes only in part: some rows or some columns.
pub fn narrowed_tables<'a>(plan: &'a Lock, facts: &CatalogFacts) -> Vec<&'a TableName> {
    let name = &plan.source.publication;
    let is_narrowed = |table: &&TableName| membership(facts, name, table).is_some_and(is_narrowed);
    plan.tables.iter().map(|table| &table.name).filter(is_narrowed).collect()
}

/// Makes it for these tables.
pub fn create(name: &str, tables: &[&TableName]) -> String {
    match tables {
        [] => format!("create publication {}", identifier(name)),
        tables => format!("create publication {} for table {}", identifier(name), list(tables)),
    }
}

/// Adds tables to it.
pub fn add(name: &str, tables: &[&TableName]) -> String {
    format!("alter publication {} add table {}", identifier(name), list(tables))
}

/// Takes a table out of it.
pub fn remove(name: &str, table: &TableName) -> String {
    format!("alter publication {} drop table {}", identifier(name), quoted(table))
}

/// Makes it send every operation.
pub fn publish_all(name: &str) -> String {
    format!("alter publication {} set (publish = '{OPERATIONS}')", identifier(name))
}

/// Tables as a statement names them, a comma between two.
pub fn list(tables: &[&TableName]) -> String {
    tables.iter().map(|table| quoted(table)).collect::<Vec<_>>().join(", ")
}
