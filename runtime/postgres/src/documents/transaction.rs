//! The reading transaction: lock the tables, describe the snapshot, run the queries, commit, and check the
//! names again. Sent as one burst, so that it costs one round trip and ends even if this process dies.
//!
//! Rule *reading-transaction* of docs/correctness.md.

use std::pin::pin;
use std::time::Instant;

use flusso_runtime::documents::Snapshot;
use flusso_runtime::limits::READING_TRANSACTION;
use flusso_schemas::name::TableName;
use futures_util::TryStreamExt;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Row, RowStream, Statement};

use super::fault::Fault;
use super::parameter::Parameter;
use super::pool::{Reader, StatementText};
use super::relied::{NameQuery, RecordedNames};
use super::seen::{self, Seen};
use crate::session::LOCK_TIMEOUT;
use crate::statement::Sent;

const WHAT: &str = "reading documents";
/// Most keys that a generic plan is right for. The planner makes it for an array of ten, so it always
/// goes from key to key by index: for 1,000 keys that takes two thirds of the time of a plan of their
/// own, for 5,000 no less (measured).
const GENERIC_PLAN_KEYS_MAX: usize = 1_000;

/// The queries of one reading transaction.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// Every table that the queries name, locked in this order.
    pub(super) tables: Vec<TableName>,
    /// Schemas on the search path.
    pub(super) search_path: &'a [String],
    /// The queries, in order.
    pub(super) statements: Vec<StatementText>,
    /// The parameters of each of them.
    pub(super) parameters: Vec<Parameter<'a>>,
    /// Transactions that have to be visible.
    pub(super) must_see: &'a [u32],
}

/// Takes the rows of the queries as they come.
pub(super) trait TakeRows: Send {
    /// Forgets everything: the transaction begins again.
    fn clear(&mut self);
    /// Takes a row of the statement at this position.
    fn row(&mut self, statement: usize, row: &Row) -> Result<(), Fault>;
    /// The statement has no more rows.
    fn end(&mut self, statement: usize) -> Result<(), Fault>;
}

impl Reading<'_> {
    /// The types of the parameters.
    pub(super) fn types(&self) -> Vec<Type> {
        self.parameters.iter().map(Parameter::type_of).collect()
    }

    /// The tables, for SQL and for words.
    pub(super) fn table_names(&self) -> String {
        self.tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// One string, so that no Parse comes between BEGIN and LOCK: that would take a snapshot, and under a
    /// snapshot older than its lock a rewritten table reads as empty (measured).
    fn opening(&self) -> String {
        format!(
            "begin isolation level repeatable read, read only; set local lock_timeout = {}; \
             set local plan_cache_mode = {}; lock table {} in access share mode",
            LOCK_TIMEOUT.as_millis(),
            self.plan_cache_mode(),
            self.table_names()
        )
    }

    /// A plan that is kept saves more than half of a few keys' time; many keys need one of their own.
    fn plan_cache_mode(&self) -> &'static str {
        let keys = self.parameters.iter().map(Parameter::keys).max();
        if keys.is_some_and(|keys| keys <= GENERIC_PLAN_KEYS_MAX) {
            "force_generic_plan"
        } else {
            "force_custom_plan"
        }
    }
}

/// Tries once. Everything that is parsed is parsed before BEGIN.
pub(super) async fn attempt(
    reader: &mut Reader,
    reading: &Reading<'_>,
    relied: Option<&RecordedNames>,
    rows: &mut impl TakeRows,
) -> Result<Snapshot, Fault> {
    let prepared = prepare(reader, reading).await?;
    let (seen_statement, queries) = prepared.split_first().expect("`prepare` puts it in front");
    let statements = reader.session();
    let opening = reading.opening();
    let (tables, nothing) = (seen::parameters(&reading.tables), NameQuery::default());
    let asked = relied.map_or(&nothing, RecordedNames::asked);
    let began = Instant::now();

    let begin = statements.send_batch(&opening).await;
    let described = statements.send_query(seen_statement, seen::all_parameters(&tables, asked)).await;
    let mut streams = Vec::with_capacity(queries.len());
    for query in queries {
        streams.push(statements.send_query(query, &reading.parameters).await);
    }
    let commit = statements.send_batch("commit").await;
    let described_again = match relied {
        Some(_) => Some(statements.send_query(seen_statement, seen::all_parameters(&tables, asked)).await),
        None => None,
    };
    let mut before = None;

    let consumed = async {
        begin.answer().await.map_err(of_opening)?;
        let seen = described_snapshot(described.answer().await?, reading).await?;
        relied.map_or(Ok(()), |relied| relied.check(&reading.tables, &seen.named))?;
        before = Some(seen.named.clone());
        for (number, stream) in streams.into_iter().enumerate() {
            let taken = async { take(stream.answer().await?, number, rows).await };
            taken.await.map_err(|fault| fault.at_statement(number))?;
        }
        Ok(seen)
    };
    let consumed = statements.unless_silent(WHAT, timeout(READING_TRANSACTION, consumed)).await?;
    let outcome = consumed.unwrap_or(Err(Fault::TooLong));
    settle(reader, outcome.as_ref().err(), commit).await?;
    if let (Some(before), Some(again)) = (before, described_again) {
        let again = async { one_row(again.answer().await?).await };
        match reader.session().unless_silent(WHAT, again).await? {
            // The rows may have been read under another label.
            Ok(after) if !before.is_unmoved(&after.named) => return Err(Fault::Shifted),
            Err(fault) if outcome.is_ok() => return Err(fault),
            _ => {}
        }
    }
    Ok(snapshot_of(outcome?, reading, began))
}

async fn prepare(reader: &mut Reader, reading: &Reading<'_>) -> Result<Vec<Statement>, Fault> {
    reader.use_search_path(reading.search_path).await?;
    let mut statements = vec![prepare_seen(reader).await?];
    statements.extend(reader.prepare(&reading.statements, &reading.types()).await?);
    Ok(statements)
}

/// The statement that describes a snapshot.
pub(super) async fn prepare_seen(reader: &mut Reader) -> Result<Statement, Fault> {
    let text = StatementText { text: Seen::text().to_owned(), kept: true };
    let mut statements = reader.prepare(&[text], &seen::TYPES).await?;
    Ok(statements.pop().expect("one was asked for"))
}

async fn described_snapshot(stream: RowStream, reading: &Reading<'_>) -> Result<Seen, Fault> {
    let seen = one_row(stream).await?;
    match seen.visible.first_unseen(reading.must_see) {
        Some(xid) => Err(Fault::Unseen(xid)),
        None => Ok(seen),
    }
}

async fn one_row(stream: RowStream) -> Result<Seen, Fault> {
    let rows: Vec<Row> = stream.try_collect().await?;
    let row =
        rows.first().ok_or_else(|| Fault::Internal("the snapshot is described by no row".to_owned()))?;
    Seen::of_row(row)
}

async fn take(stream: RowStream, number: usize, rows: &mut impl TakeRows) -> Result<(), Fault> {
    let mut stream = pin!(stream);
    while let Some(row) = stream.try_next().await? {
        rows.row(number, &row)?;
    }
    rows.end(number)
}

/// Waits for the transaction's end; cancels a running statement if its result is no longer wanted.
async fn settle(reader: &Reader, fault: Option<&Fault>, commit: Sent<'_, ()>) -> Result<(), Fault> {
    // Where the server itself gave up nothing runs; a transaction that is not visible is waited for by
    // the next statement, which a late cancel would hit.
    if matches!(
        fault,
        Some(
            Fault::TooLong
                | Fault::Oversized
                | Fault::ControlByte(_)
                | Fault::Null { .. }
                | Fault::Internal(_)
        )
    ) {
        reader.cancel().await;
    }
    Ok(reader.session().unless_silent(WHAT, commit.answer()).await??)
}

fn snapshot_of(seen: Seen, reading: &Reading<'_>, began: Instant) -> Snapshot {
    Snapshot {
        lsn: seen.snapshot_lsn,
        source_clock_us: seen.clock_us,
        began,
        file_nodes: reading.tables.iter().cloned().zip(seen.file_nodes).collect(),
    }
}

/// BEGIN and LOCK read no row: where they fail for another reason than a lock it is the catalog.
fn of_opening(error: tokio_postgres::Error) -> Fault {
    Fault::from(error).of_catalog()
}
