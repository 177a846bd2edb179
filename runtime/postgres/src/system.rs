//! Who the server is, asked in a session for statements: a walsender of its own would need a second one.

use flusso_runtime::{Error, ErrorKind, Result};

use crate::facts::cell;
use crate::session::Session;

const WHAT: &str = "asking for the system's identity";
/// The timeline is the first part of a log file's name. `pg_control_checkpoint` lags behind after a
/// promotion. A standby refuses to name the file.
const IDENTITY: &str = "
select (select system_identifier::text from pg_control_system()), pg_is_in_recovery(),
  case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_insert_lsn()) end,
  current_database()::text,
  (select d.oid from pg_database d where d.datname = current_database())";
const TIMELINE_DIGITS: usize = 8;

/// Who a server and its database are.
pub(crate) struct System {
    pub(crate) identifier: String,
    pub(crate) timeline: u32,
    pub(crate) database: String,
    pub(crate) database_oid: u32,
}

/// The identity of a primary. A standby is [`ErrorKind::Unreachable`]: it may be promoted at any time, and
/// cannot be a source.
pub(crate) async fn identity(session: &Session) -> Result<System> {
    let row = session.query_one(WHAT, IDENTITY, &[]).await?;
    if cell::<bool>(&row, 1)? {
        return Err(session.plan().unreachable("it is a standby, and only a primary has a log to follow"));
    }
    let file: Option<String> = cell(&row, 2)?;
    let timeline = file.as_deref().and_then(|file| file.get(..TIMELINE_DIGITS));
    let timeline = timeline.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let unknown = || Error::new(ErrorKind::Internal, format!("{WHAT}: `{file:?}` names no log file"));
    Ok(System {
        identifier: cell(&row, 0)?,
        timeline: timeline.ok_or_else(unknown)?,
        database: cell(&row, 3)?,
        database_oid: cell(&row, 4)?,
    })
}
