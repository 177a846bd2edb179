//! The gate: no chunk is read before every transaction that the stream may have missed has ended.
//!
//! A publication change, or the join of a generation, counts only for transactions that begin after
//! it. An xid drawn now lies above that of every transaction that has one; once the oldest running
//! one is not below it, all of those have ended, and their rows are in any later snapshot. The
//! snapshot's own `xmax` will not do: a writer with the very next xid would pass.
//!
//! Rule *gate* of docs/correctness.md.

use flusso_runtime::backends::RunOptions;
use flusso_runtime::{Error, ErrorKind, Result};

use crate::facts::cell;
use crate::session::{Bond, Session};
use crate::waiting::{Waiting, writers};

const WHAT: &str = "waiting for running writers";

/// Passes the gate, or says waited_for it waits for until the bound runs out. `session` is in no
/// transaction, and nobody else's.
pub(crate) async fn pass(session: &Session, options: &RunOptions, bond: &Bond) -> Result<()> {
    session.run(WHAT, "set default_transaction_read_only = off").await?;
    let drawn = number(session, "select pg_current_xact_id()::text").await?;
    let mut waiting = Waiting::new(options, bond, options.gate_wait);
    let mut waited_for = "for transactions that started earlier".to_owned();
    loop {
        // A statement of its own, and so a snapshot of its own.
        let oldest = number(session, "select pg_snapshot_xmin(pg_current_snapshot())::text").await?;
        if oldest >= drawn {
            return Ok(());
        }
        if waiting.is_long() {
            waited_for = writers(session, &[]).await?;
            waiting.report(waited_for.clone());
        }
        waiting.pause(&waited_for).await?;
    }
}

async fn number(session: &Session, statement: &str) -> Result<u64> {
    let text: String = cell(&session.query_one(WHAT, statement, &[]).await?, 0)?;
    text.parse().map_err(|_| Error::new(ErrorKind::Internal, format!("invalid transaction id `{text}`")))
}
