//! Everything that would keep a plan from running against this server, or make its documents wrong.
//!
//! Facts are read once; what follows from them is judged without the server, by the rule book that `flusso check` uses too
//! ([`flusso_lints::source`]).

use flusso_lints::source::{self, SourceNeeds};
use flusso_runtime::Result;
use flusso_schemas::lock::Lock;
use flusso_schemas::name::TableName;
use flusso_schemas::report::Finding;

use crate::facts::catalog_facts;
use crate::session::Session;

/// Every finding about the plan, most general first. Changes nothing.
pub(crate) async fn findings(session: &Session, plan: &Lock) -> Result<Vec<Finding>> {
    let mut names: Vec<TableName> = plan.tables.iter().map(|table| table.name.clone()).collect();
    names.extend(plan.indexes.iter().flat_map(|index| &index.edges).map(|edge| edge.table.clone()));
    names.sort();
    names.dedup();
    let facts = catalog_facts(session, &names).await?;
    let mut found = source::judge(&SourceNeeds::of(plan), &facts);
    found.extend(source::drift(plan, &facts));
    Ok(found)
}

/// Findings about the server and our role alone: what keeps a walsender from starting. Changes nothing.
pub(crate) async fn server_findings(session: &Session, plan: &Lock) -> Result<Vec<Finding>> {
    let facts = catalog_facts(session, &[]).await?;
    Ok(source::before_walsender(&plan.source, &facts))
}
