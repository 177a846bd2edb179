//! The server as judge: statements are prepared or planned, never executed.
//!
//! They are sent without awaiting each answer. Each ends with a Sync of its own, so that one that is refused,
//! or that waits for a lock in vain, spoils no other.

mod queries;

use std::collections::{BTreeMap, BTreeSet};

use flusso_runtime::Result;
use flusso_schemas::facts::{Ask, Probe, ProbeError, ProbeOutcome};
use flusso_schemas::name::quote_identifier;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream;
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{SimpleQueryMessage, Statement};

use crate::facts::cell;
use crate::session::{PINNED_SETTINGS, Session, failed};

pub use queries::refused_queries;

const WHAT: &str = "preparing the project's statements";
/// How many statements are sent ahead of their answers. Our own bound of a statement runs from when it is
/// sent, and each before it may wait for a lock; so few can do that within one bound.
const IN_FLIGHT: usize = 50;

/// A result column's type: its oid and its modifier.
type TypeOf = (u32, i32);

/// The server's answer before types are spelled.
enum Answer {
    Set,
    Types(Vec<TypeOf>),
    Lines(Vec<String>),
    Refused(ProbeError),
}

/// What the server says of each statement, in the same order. The session must be in no transaction.
///
/// Preparing checks names and types, not privileges; planning checks these too.
pub async fn probe(session: &Session, probes: &[Probe]) -> Result<Vec<ProbeOutcome>> {
    let mut groups: BTreeMap<String, Vec<&Probe>> = BTreeMap::new();
    for each in probes {
        groups.entry(settings(&each.question.search_path, each.question.ask)).or_default().push(each);
    }
    let mut asked: Vec<BoxFuture<'_, Result<Answer>>> = Vec::new();
    let mut ids = Vec::with_capacity(probes.len());
    for (settings, members) in groups {
        asked.push(set(session, settings).boxed());
        ids.push(None);
        for each in members {
            asked.push(ask(session, each).boxed());
            ids.push(Some(each.id));
        }
    }
    asked.push(set(session, restored()).boxed());
    ids.push(None);
    let answers = in_turn(asked).await;
    let mut answered = Vec::with_capacity(probes.len());
    for (id, answer) in ids.into_iter().zip(answers) {
        let answer = answer?;
        answered.extend(id.map(|id| (id, answer)));
    }
    spelled(session, answered).await
}

/// All answers in the order of the requests. A statement is sent when its future is first polled, which
/// happens in this order too.
async fn in_turn<T>(asked: Vec<BoxFuture<'_, Result<T>>>) -> Vec<Result<T>> {
    stream::iter(asked).buffered(IN_FLIGHT).collect().await
}

/// What the session is set to for a probe.
fn settings(search_path: &[String], ask: Ask) -> String {
    let schemas: Vec<_> = search_path.iter().map(|schema| quote_identifier(schema)).collect();
    let path = if schemas.is_empty() { "pg_catalog".to_owned() } else { schemas.join(", ") };
    let mut statements = format!("set default_transaction_read_only = on; set search_path = {path}");
    if let Ask::Plan(clock) = ask {
        // So that a contradiction is seen in any table's plan.
        statements += "; set constraint_exclusion = on";
        for (name, value) in clock.settings() {
            statements += &format!("; set {name} = '{value}'");
        }
    }
    statements
}

/// What every session of ours is set to.
fn restored() -> String {
    let mut statements = "reset default_transaction_read_only; reset constraint_exclusion".to_owned();
    for (name, value) in PINNED_SETTINGS {
        statements += &format!("; set {name} = '{value}'");
    }
    statements
}

async fn set(session: &Session, statements: String) -> Result<Answer> {
    session.run(WHAT, &statements).await.map(|()| Answer::Set)
}

async fn ask(session: &Session, probe: &Probe) -> Result<Answer> {
    let sql = &probe.question.sql;
    match probe.question.ask {
        Ask::Types => {
            let prepared = session.prepare(WHAT, sql, &[]).await?;
            answered(prepared.map(|statement| Answer::Types(types_of(&statement))))
        }
        Ask::Plan(_) => printed(session, &format!("explain (verbose, costs off) {sql}")).await,
        Ask::Rows => printed(session, sql).await,
    }
}

async fn printed(session: &Session, sql: &str) -> Result<Answer> {
    let messages = session.simple(WHAT, sql).await?;
    answered(messages.map(|messages| Answer::Lines(lines(&messages))))
}

fn types_of(statement: &Statement) -> Vec<TypeOf> {
    statement.columns().iter().map(|column| (column.type_().oid(), column.type_modifier())).collect()
}

/// The first column of every row.
fn lines(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let line = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    messages.iter().filter_map(line).collect()
}

/// An answer or the server's objection; an error where there is neither.
fn answered(result: Result<Answer, tokio_postgres::Error>) -> Result<Answer> {
    match result {
        Ok(answer) => Ok(answer),
        Err(error) => match objection(&error) {
            Some(objection) => Ok(Answer::Refused(objection)),
            None => Err(failed(WHAT, &error)),
        },
    }
}

/// The server's objection to a statement. A lock that is not granted, a shutdown and the like say nothing
/// about it.
fn objection(error: &tokio_postgres::Error) -> Option<ProbeError> {
    let refusal = error.as_db_error()?;
    let sqlstate = refusal.code().code();
    if matches!(&sqlstate[..2], "55" | "57" | "53" | "58" | "08" | "XX" | "40") {
        return None;
    }
    let position = match refusal.position() {
        Some(ErrorPosition::Original(position)) => Some(*position),
        _ => None,
    };
    Some(ProbeError { sqlstate: sqlstate.to_owned(), message: refusal.message().to_owned(), position })
}

/// Every type as `format_type` spells it under `pg_catalog`, which is how the facts of columns spell it.
/// `Describe` gives a domain's base and its typmod.
async fn spelled(session: &Session, answered: Vec<(usize, Answer)>) -> Result<Vec<ProbeOutcome>> {
    let all: BTreeSet<TypeOf> = answered.iter().flat_map(|(_, answer)| types(answer)).copied().collect();
    let (oids, modifiers): (Vec<u32>, Vec<i32>) = all.iter().copied().unzip();
    let mut names: BTreeMap<TypeOf, String> = BTreeMap::new();
    if !all.is_empty() {
        let statement = "select format_type(oid, modifier)
            from unnest($1::oid[], $2::int4[]) with ordinality as each(oid, modifier, place) order by place";
        let rows = session.query(WHAT, statement, &[&oids, &modifiers]).await?;
        for (of, row) in all.iter().zip(rows) {
            names.insert(*of, cell(&row, 0)?);
        }
    }
    let outcome = |(id, answer): (usize, Answer)| {
        let result = match answer {
            Answer::Refused(error) => Err(error),
            Answer::Lines(lines) => Ok(lines),
            other => Ok(types(&other).iter().map(|of| names[of].clone()).collect()),
        };
        ProbeOutcome { id, result }
    };
    let mut outcomes: Vec<ProbeOutcome> = answered.into_iter().map(outcome).collect();
    outcomes.sort_by_key(|outcome| outcome.id);
    Ok(outcomes)
}

fn types(answer: &Answer) -> &[TypeOf] {
    match answer {
        Answer::Types(types) => types,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use flusso_schemas::facts::Clock;

    use super::*;

    #[test]
    fn a_search_path_is_quoted() {
        let path = ["pg_catalog", "My Schema"].map(str::to_owned);
        let read_only = "set default_transaction_read_only = on; set search_path = pg_catalog";
        assert_eq!(settings(&path, Ask::Types), format!("{read_only}, \"My Schema\""));
        assert_eq!(settings(&[], Ask::Rows), read_only);
    }

    #[test]
    fn every_setting_of_a_plan_is_restored() {
        let plan = settings(&[], Ask::Plan(Clock::Ahead));
        for name in
            plan.split("set ").filter_map(|rest| rest.split(" = ").next()).filter(|name| !name.is_empty())
        {
            assert!(restored().contains(&format!("set {name}")), "{name}");
        }
    }
}
