//! The replication slot: what it is now, making it and dropping it.

use std::pin::pin;
use std::time::Duration;

use flusso_runtime::backends::RunOptions;
use flusso_runtime::source::SlotStatus;
use flusso_runtime::{Error, ErrorKind, Lsn, Result};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::facts::cell;
use crate::session::{Bond, Session, cancel, sqlstate};
use crate::waiting::{Waiting, writers};

/// How often to report what the creation of a slot waits for.
const TELL_INTERVAL: Duration = Duration::from_millis(500);
/// The output plugin of our slots.
const PLUGIN: &str = "pgoutput";
/// Longest wait for the server to have ended a call that was cancelled.
const CANCELLED_WAIT: Duration = Duration::from_secs(1);
const MAKING: &str = "creating the slot";

const STATUS: &str = "
select s.plugin::text, s.slot_type, s.database::text, current_database()::text, s.two_phase, s.temporary,
  s.wal_status, s.confirmed_flush_lsn::text, s.active_pid, a.application_name
from pg_replication_slots s left join pg_stat_activity a on a.pid = s.active_pid
where s.slot_name = $1";

/// The slot as the server reports it; `None` if there is none.
pub(crate) async fn status(session: &Session, slot: &str) -> Result<Option<SlotStatus>> {
    let row = session.query_opt("reading the slot", STATUS, &[&slot]).await?;
    row.as_ref().map(of_row).transpose()
}

fn of_row(row: &Row) -> Result<SlotStatus> {
    let status: Option<&str> = cell(row, 6)?;
    let position: Option<&str> = cell(row, 7)?;
    let lost = status == Some("lost");
    Ok(SlotStatus {
        ours: ours(row)?,
        elsewhere: elsewhere(row)?,
        confirmed: position.filter(|_| !lost).map(position_of).transpose()?,
        lost,
        active: holder(cell(row, 8)?, cell(row, 9)?),
    })
}

/// The database of a logical slot that belongs to another one than ours.
fn elsewhere(row: &Row) -> Result<Option<String>> {
    let (database, current) = (cell::<Option<&str>>(row, 2)?, cell::<&str>(row, 3)?);
    Ok(database.filter(|database| *database != current).map(str::to_owned))
}

/// Whether it is what we make, else why not.
fn ours(row: &Row) -> Result<Result<(), String>> {
    let (plugin, kind) = (cell::<Option<&str>>(row, 0)?, cell::<&str>(row, 1)?);
    let (database, current) = (cell::<Option<&str>>(row, 2)?, cell::<&str>(row, 3)?);
    Ok(if kind != "logical" {
        Err(format!("it is a {kind} slot"))
    } else if plugin != Some(PLUGIN) {
        Err(format!("its plugin is `{}`", plugin.unwrap_or_default()))
    } else if database != Some(current) {
        Err(format!("it belongs to database `{}`", database.unwrap_or_default()))
    } else if cell(row, 4)? {
        Err("it decodes prepared transactions (two_phase)".to_owned())
    } else if cell(row, 5)? {
        Err("it is temporary".to_owned())
    } else {
        Ok(())
    })
}

/// Who holds a slot, in words.
fn holder(process: Option<i32>, application: Option<&str>) -> Option<String> {
    Some(match (process?, application) {
        (process, Some(name)) if !name.is_empty() => format!("process {process} ({name})"),
        (process, _) => format!("process {process}"),
    })
}

fn position_of(text: &str) -> Result<Lsn> {
    text.parse().map_err(|_| Error::new(ErrorKind::Internal, format!("invalid LSN `{text}`")))
}

/// Makes the slot in `maker`, a session of its own, and returns its first position. It waits for
/// every writing transaction of the cluster; `watcher` says which.
pub(crate) async fn create(
    maker: &mut Session,
    watcher: &Session,
    slot: &str,
    options: &RunOptions,
    bond: &Bond,
) -> Result<Lsn> {
    // Its waiting is a wait for locks of transactions, which a lock timeout would end at once.
    maker.run(MAKING, "set lock_timeout = 0").await?;
    maker.allow(options.gate_wait).await?;
    let maker = &*maker;
    let process: i32 = cell(&maker.query_one(MAKING, "select pg_backend_pid()", &[]).await?, 0)?;
    let create = "select lsn::text from pg_create_logical_replication_slot($1, 'pgoutput')";
    let parameters: [&(dyn ToSql + Sync); 1] = [&slot];
    let mut made = pin!(maker.query_one(MAKING, create, &parameters));
    let mut waiting = Waiting::new(options, bond, options.gate_wait);
    let mut waited_for = "for transactions that started earlier".to_owned();
    loop {
        tokio::select! {
            row = &mut made => {
                return match row {
                    Ok(row) => position_of(cell(&row, 0)?),
                    Err(error) => Err(settled(maker, refused(slot, &waiting, &waited_for, error)).await),
                };
            }
            () = tokio::time::sleep(TELL_INTERVAL) => {}
            () = options.shutdown.requested() => {
                cancel(maker.plan(), maker.cancel_token()).await;
                // A call that was cancelled leaves no slot; one that was done is found as ours later.
                let _ = timeout(CANCELLED_WAIT, made).await;
                let stopped = Error::new(ErrorKind::Stopped, format!("stopped while waiting {waited_for}"));
                return Err(settled(maker, stopped).await);
            }
        }
        waited_for = writers(watcher, &[process]).await?;
        waiting.report(waited_for.clone());
    }
}

/// Returns the error once the server has cleaned up: it reports an error before it drops the half-made slot.
async fn settled(maker: &Session, error: Error) -> Error {
    // A session that is gone has nothing left either.
    let _ = timeout(CANCELLED_WAIT, maker.rollback()).await;
    error
}

fn refused(slot: &str, waiting: &Waiting<'_>, waited_for: &str, error: Error) -> Error {
    match sqlstate(&error) {
        Some("57014") => waiting.busy(waited_for),
        Some("42710") => Error::new(ErrorKind::Drift, format!("slot `{slot}` already exists")),
        Some("53400") => Error::new(ErrorKind::Drift, "every replication slot of the server is in use")
            .with_help("drop a slot that nobody needs, or raise `max_replication_slots`"),
        _ => error,
    }
}

/// Drops the slot once it is free, within the bound. Succeeds if there is none.
pub(crate) async fn drop_slot(
    session: &Session,
    slot: &str,
    options: &RunOptions,
    bond: &Bond,
) -> Result<()> {
    let mut waiting = Waiting::new(options, bond, options.slot_wait);
    loop {
        let Some(found) = status(session, slot).await? else { return Ok(()) };
        let waited_for = match found.active {
            None => match drop_now(session, slot).await {
                Err(error) if sqlstate(&error) == Some("55006") => format!("for slot `{slot}` to be free"),
                other => return other,
            },
            Some(holder) => format!("for slot `{slot}`, held by {holder}"),
        };
        waiting.report(waited_for.clone());
        waiting.pause(&waited_for).await?;
    }
}

async fn drop_now(session: &Session, slot: &str) -> Result<()> {
    let what = format!("dropping slot `{slot}`");
    match session.query_one(&what, "select pg_drop_replication_slot($1)", &[&slot]).await {
        // Someone else dropped it in between.
        Err(error) if sqlstate(&error) == Some("42704") => Ok(()),
        dropped => dropped.map(drop),
    }
}
