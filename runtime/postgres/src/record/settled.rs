//! The record under locks: no ALTER of the tables is half done when it is read.

use std::collections::BTreeSet;

use flusso_lints::source::quote::quoted;
use flusso_runtime::backends::RunOptions;
use flusso_runtime::{ErrorKind, Result};
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::name::TableName;
use flusso_schemas::state::CatalogRecord;

use super::WHAT;
use crate::provision::lockers;
use crate::session::{Bond, Session, sqlstate};
use crate::waiting::Waiting;

/// SQLSTATE of a table or schema that does not exist.
const MISSING: [&str; 2] = ["42P01", "3F000"];

/// Reads it in one short transaction that holds the weakest lock of every table, which only waits for
/// an ALTER. A table that does not exist is missing from the record, as ever.
pub(crate) async fn catalog_record(
    session: &Session,
    publication: &str,
    index: &IndexPlan,
    options: &RunOptions,
    bond: &Bond,
) -> Result<CatalogRecord> {
    let tables: BTreeSet<&TableName> = index.edges.iter().map(|edge| &edge.table).collect();
    let tables: Vec<&TableName> = tables.into_iter().collect();
    let mut waiting = Waiting::new(options, bond, options.gate_wait);
    loop {
        let locked = session.run(WHAT, &locking(&tables)).await;
        match locked {
            Err(error) if error.kind == ErrorKind::LockNotAvailable => {
                session.rollback().await?;
                let waited_for = lockers(session, &tables).await?;
                waiting.report(waited_for.clone());
                waiting.pause(&waited_for).await?;
            }
            // The failed transaction is left: the record itself says what is missing.
            Err(error) if sqlstate(&error).is_some_and(|code| MISSING.contains(&code)) => {
                session.rollback().await?;
                return super::catalog_record(session, publication, index).await;
            }
            Err(error) => return Err(error),
            Ok(()) => {
                let record = super::catalog_record(session, publication, index).await;
                session.rollback().await?;
                return record;
            }
        }
    }
}

/// Read committed: the record's statement sees what was committed before the last lock was granted.
fn locking(tables: &[&TableName]) -> String {
    let names: Vec<String> = tables.iter().map(|table| quoted(table)).collect();
    format!(
        "begin isolation level read committed, read only; lock table {} in access share mode",
        names.join(", ")
    )
}
