//! The server as judge: statements are prepared, never executed.

use flusso_runtime::Result;
use flusso_schemas::facts::{Probe, ProbeError, ProbeOutcome};
use flusso_schemas::name::quote_identifier;
use tokio_postgres::Statement;
use tokio_postgres::error::ErrorPosition;

use crate::facts::cell;
use crate::session::{Session, failed};

const WHAT: &str = "preparing the project's statements";

/// What the server says of each statement, in the same order; each in a read-only transaction of its
/// own, so that one that fails or waits for a lock spoils no other.
///
/// Preparing checks names and types, not privileges.
pub async fn probe(session: &Session, probes: &[Probe]) -> Result<Vec<ProbeOutcome>> {
    let mut outcomes = Vec::with_capacity(probes.len());
    for each in probes {
        session.run(WHAT, &opening(&each.search_path)).await?;
        let prepared = prepare(session, &each.sql).await;
        session.rollback().await?;
        outcomes.push(ProbeOutcome { id: each.id, result: prepared? });
    }
    Ok(outcomes)
}

fn opening(search_path: &[String]) -> String {
    let schemas: Vec<_> = search_path.iter().map(|schema| quote_identifier(schema)).collect();
    let path = if schemas.is_empty() { "pg_catalog".to_owned() } else { schemas.join(", ") };
    format!("begin read only; set local search_path = {path}")
}

/// Types or the server's objection; an error where there is no answer.
async fn prepare(session: &Session, sql: &str) -> Result<Result<Vec<String>, ProbeError>> {
    match session.prepare(WHAT, sql, &[]).await? {
        Ok(statement) => Ok(Ok(types(session, &statement).await?)),
        Err(error) => match error.as_db_error() {
            Some(refusal) if is_objection(refusal.code().code()) => Ok(Err(ProbeError {
                sqlstate: refusal.code().code().to_owned(),
                message: refusal.message().to_owned(),
                position: match refusal.position() {
                    Some(ErrorPosition::Original(position)) => Some(*position),
                    _ => None,
                },
            })),
            _ => Err(failed(WHAT, &error)),
        },
    }
}

/// Whether a refusal is about the statement. A lock that is not to be had, a shutdown and the like
/// say nothing of it.
fn is_objection(sqlstate: &str) -> bool {
    !matches!(&sqlstate[..2], "55" | "57" | "53" | "58" | "08" | "XX" | "40")
}

/// Each result column as `format_type` spells it. `Describe` gives a domain's base and its typmod.
async fn types(session: &Session, statement: &Statement) -> Result<Vec<String>> {
    let columns = statement.columns();
    let oids: Vec<u32> = columns.iter().map(|column| column.type_().oid()).collect();
    let modifiers: Vec<i32> = columns.iter().map(|column| column.type_modifier()).collect();
    let spelled = "select format_type(oid, modifier)
        from unnest($1::oid[], $2::int4[]) with ordinality as each(oid, modifier, place) order by place";
    let rows = session.query(WHAT, spelled, &[&oids, &modifiers]).await?;
    rows.iter().map(|row| cell(row, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_is_quoted() {
        let path = ["pg_catalog", "My Schema"].map(str::to_owned);
        assert_eq!(opening(&path), "begin read only; set local search_path = pg_catalog, \"My Schema\"");
        assert_eq!(opening(&[]), "begin read only; set local search_path = pg_catalog");
    }
}
