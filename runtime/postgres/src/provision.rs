//! Makes publication and replica identities as a plan wants them, under short locks.
//!
//! Identities come first and are committed before a table is published: a published table without a usable
//! identity makes the application's own UPDATE and DELETE fail. The publication is only ever extended, never
//! dropped and created again.
//!
//! Rule *publication-locks* of docs/correctness.md.

use std::time::Duration;

use flusso_lints::source::quote::quoted;
use flusso_lints::source::{identity, publication as rules};
use flusso_lints::words::counted;
use flusso_runtime::backends::RunOptions;
use flusso_runtime::failpoint;
use flusso_runtime::source::Provisioned;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::facts::CatalogFacts;
use flusso_schemas::lock::{Lock, Manage};
use flusso_schemas::name::TableName;
use flusso_schemas::report::SourceChange;

use crate::facts::{catalog_facts, cell};
use crate::publication;
use crate::session::{Bond, LOCK_TIMEOUT, Session};
use crate::waiting::Waiting;

const WHAT: &str = "provisioning the source";
/// Pause after a lock was not granted: while the ALTER waits, statements of the application wait behind it,
/// so they get most of the time.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// What the first lock may wait beyond `deadlock_timeout`, after which autovacuum gives way.
const BEYOND_DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// `deadlock_timeout` where the server does not say it.
const DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// One statement, and the tables that it locks.
struct Step<'a> {
    what: String,
    statement: String,
    tables: Vec<&'a TableName>,
}

/// What [`provision`] would do, in order.
pub(crate) async fn changes(session: &Session, plan: &Lock) -> Result<Vec<SourceChange>> {
    let facts = catalog_facts(session, &names(plan)).await?;
    let steps = steps(session, plan, &facts).await?;
    Ok(steps.into_iter().map(|step| SourceChange { what: step.what, statement: step.statement }).collect())
}

/// Does it, each step committed before the next. Doing it again changes nothing.
pub(crate) async fn provision(
    session: &Session,
    plan: &Lock,
    options: &RunOptions,
    bond: &Bond,
) -> Result<Provisioned> {
    session.run(WHAT, "set default_transaction_read_only = off").await?;
    let facts = catalog_facts(session, &names(plan)).await?;
    let patience = deadlock_timeout(&facts) + BEYOND_DEADLOCK_TIMEOUT;
    for step in steps(session, plan, &facts).await? {
        take(session, &step, patience, options, bond).await?;
        failpoint::reach("source-altered");
    }
    let name = &plan.source.publication;
    let publication_oid = publication::oid(session, name).await?;
    let publication_oid = publication_oid.ok_or_else(|| {
        Error::new(ErrorKind::Drift, format!("publication `{name}` does not exist"))
            .with_help("create it, or let flusso: `manage: [publication]`")
    })?;
    Ok(Provisioned { publication_oid })
}

fn names(plan: &Lock) -> Vec<TableName> {
    plan.tables.iter().map(|table| table.name.clone()).collect()
}

fn deadlock_timeout(facts: &CatalogFacts) -> Duration {
    let setting = facts.server.settings.get("deadlock_timeout").and_then(Option::as_deref);
    setting.and_then(|milliseconds| milliseconds.parse().ok()).map_or(DEADLOCK_TIMEOUT, Duration::from_millis)
}

async fn steps<'a>(session: &Session, plan: &'a Lock, facts: &CatalogFacts) -> Result<Vec<Step<'a>>> {
    let mut steps = Vec::new();
    if plan.source.manage.contains(&Manage::ReplicaIdentity) {
        steps.extend(identity_steps(plan, facts));
    }
    if plan.source.manage.contains(&Manage::Publication) {
        steps.extend(publication_steps(session, plan, facts).await?);
    }
    Ok(steps)
}

fn identity_steps<'a>(plan: &'a Lock, facts: &CatalogFacts) -> Vec<Step<'a>> {
    let lacks = |table: &&flusso_schemas::lock::TablePlan| {
        facts.relations.get(&table.name).is_some_and(|relation| !identity::suffices(table, relation))
    };
    let step = |table: &'a flusso_schemas::lock::TablePlan| Step {
        what: format!("sets `REPLICA IDENTITY {}` on `{}`", identity::called(&table.identity), table.name),
        statement: identity::statement(table),
        tables: vec![&table.name],
    };
    plan.tables.iter().filter(lacks).map(step).collect()
}

async fn publication_steps<'a>(
    session: &Session,
    plan: &'a Lock,
    facts: &CatalogFacts,
) -> Result<Vec<Step<'a>>> {
    let name = &plan.source.publication;
    let all: Vec<&TableName> = plan.tables.iter().map(|table| &table.name).collect();
    let Some(found) = rules::of(facts, name) else {
        let what = format!("creates publication `{name}` for {}", tables_in_words(&all));
        return Ok(vec![Step { what, statement: rules::create(name, &all), tables: all }]);
    };
    let mut steps = Vec::new();
    let missing = rules::missing_operations(found);
    if !missing.is_empty() {
        let what = format!("makes publication `{name}` publish {} as well", missing.join(", "));
        steps.push(Step { what, statement: rules::publish_all(name), tables: Vec::new() });
    }
    let (missing, narrowed) = (rules::missing_tables(plan, facts), rules::narrowed_tables(plan, facts));
    if !narrowed.is_empty() {
        let others = publication::members(session, name).await?;
        let what = format!(
            "makes publication `{name}` publish every row and column of {}",
            tables_in_words(&narrowed)
        );
        steps.push(Step { what, statement: publication::set(name, &all, &others), tables: all });
    } else if !missing.is_empty() {
        let what = format!("adds {} to publication `{name}`", tables_in_words(&missing));
        steps.push(Step { what, statement: rules::add(name, &missing), tables: missing });
    }
    Ok(steps)
}

fn tables_in_words(tables: &[&TableName]) -> String {
    match tables {
        [one] => format!("`{one}`"),
        many => counted(many.len(), "table"),
    }
}

/// Takes a step, retrying while a lock is not granted, within the bound of the gate.
async fn take(
    session: &Session,
    step: &Step<'_>,
    patience: Duration,
    options: &RunOptions,
    bond: &Bond,
) -> Result<()> {
    let mut waiting = Waiting::new(options, bond, options.gate_wait).every(RETRY_PAUSE);
    loop {
        let taken = attempt(session, step, patience).await;
        match taken {
            Err(error) if error.kind == ErrorKind::LockNotAvailable => {
                session.rollback().await?;
                let waited_for = lockers(session, &step.tables).await?;
                waiting.report(waited_for.clone());
                waiting.pause(&waited_for).await?;
            }
            other => return other,
        }
    }
}

/// One transaction: a lock that blocks no reader or writer first, with patience, so that autovacuum
/// gives way; then the statement, which takes a stronger one for an instant, without.
async fn attempt(session: &Session, step: &Step<'_>, patience: Duration) -> Result<()> {
    let mut statements = format!("begin; set local lock_timeout = {};", patience.as_millis());
    for table in &step.tables {
        statements += &format!("lock table {} in share update exclusive mode;", quoted(table));
    }
    statements +=
        &format!("set local lock_timeout = {}; {}; commit", LOCK_TIMEOUT.as_millis(), step.statement);
    // The server bounds each of them apart, and each lock may be waited for.
    let locks = u32::try_from(step.tables.len()).unwrap_or(u32::MAX);
    session.run_for(&step.what, &statements, patience.saturating_mul(locks)).await
}

const LOCKERS: &str = "
select distinct 'process ' || l.pid || coalesce(' (`' || nullif(a.application_name, '') || '`)', '')
from pg_locks l
join pg_class c on c.oid = l.relation
join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'relation' and l.granted and l.pid is distinct from pg_backend_pid()
  and l.database = (select oid from pg_database where datname = current_database())
  and n.nspname || e'\\x1f' || c.relname = any($1::text[])
order by 1
limit 5";

pub(crate) async fn lockers(session: &Session, tables: &[&TableName]) -> Result<String> {
    let parameters: Vec<String> = tables.iter().map(|table| crate::facts::parameter(*table)).collect();
    let rows = session.query(WHAT, LOCKERS, &[&parameters]).await?;
    let names = rows.iter().map(|row| cell(row, 0)).collect::<Result<Vec<String>>>()?;
    let by = if names.is_empty() { "someone".to_owned() } else { names.join(", ") };
    Ok(format!("for a lock on {}, held by {by}", tables_in_words(tables)))
}
