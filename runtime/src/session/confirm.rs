//! Confirming a position: the source may forget only what is durable in every sink, and only after everything that
//! a snapshot saw is durable at the source.
//!
//! Rule *confirm* of docs/correctness.md.

use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{Confirmed, TransactionStart};
use tokio::time::{Instant, sleep};

use super::batch::Batch;
use super::pipeline::Pipeline;
use super::state::Confirmation;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{CONFIRM_INTERVAL, READING_TRANSACTION};
use crate::progress::ProgressEvent;
use crate::source::{ChangeCapture, ChangeStream};

/// Pending batches, and the time of the last confirm.
#[derive(Debug)]
pub(crate) struct Confirming {
    pub pending: Option<Pending>,
    /// The first transaction after what is confirmed.
    pub first: Option<TransactionStart>,
    pub last: Instant,
}

/// What waits to be confirmed, and what its snapshots saw.
#[derive(Debug)]
pub(crate) struct Pending {
    confirmed: Confirmed,
    /// The transaction that is written in part.
    open: Option<TransactionStart>,
    snapshot_lsn: Lsn,
    pub due: Instant,
}

impl Pipeline {
    /// Keeps what a batch completed for the next confirm; what its snapshots saw counts also where it
    /// completed nothing.
    pub(crate) fn remember(&self, confirming: &mut Confirming, batch: &Batch, snapshot_lsn: Lsn) {
        let Confirming { pending, last, .. } = confirming;
        let before = pending.as_ref().map_or_else(|| *self.confirmed.borrow(), |pending| pending.confirmed);
        let confirmed = batch.completed.map_or(before, |completed| completed.after(Some(before)));
        let due = pending.as_ref().map_or(*last + CONFIRM_INTERVAL, |pending| pending.due);
        let snapshot_lsn =
            pending.as_ref().map_or(snapshot_lsn, |pending| pending.snapshot_lsn.max(snapshot_lsn));
        *pending = Some(Pending { confirmed, open: batch.open, snapshot_lsn, due });
    }

    pub(crate) fn is_new(&self, pending: &Pending) -> bool {
        pending.confirmed.position > self.confirmed.borrow().position
    }

    /// Rule *confirm*: what the snapshots saw is durable at the source, the state holds the position,
    /// and only then the source may forget. What completes nothing stays pending: its `snapshot_lsn` still counts
    /// when its transaction ends.
    pub(crate) async fn confirm(&self, stream: &dyn ChangeStream, confirming: &mut Confirming) -> Result<()> {
        let news = confirming.pending.take_if(|pending| self.is_new(pending));
        let Some(Pending { confirmed, snapshot_lsn, open, .. }) = news else { return Ok(()) };
        wait_durable(&self.source.capture, snapshot_lsn).await?;
        let recorded = Confirmation { confirmed, picked: &self.picked, written: open };
        for state in self.states.iter() {
            state.confirm(&recorded, &self.targets.names_in(&state.sink)).await?;
        }
        stream.confirm(confirmed.position).await?;
        self.confirmed.send_replace(confirmed);
        self.progress.event(ProgressEvent::Confirmed(confirmed.position));
        confirming.last = Instant::now();
        confirming.first = open;
        Ok(())
    }
}

/// How long the source's own background flush is waited for before a heartbeat forces one.
const PATIENCE: Duration = Duration::from_millis(50);

/// Returns once the source's log is durable up to `snapshot_lsn`: a commit that a snapshot saw may have been
/// asynchronous, and a crash would take it back.
///
/// With an idle writer open the insert position stays above the durable one for seconds, so a
/// heartbeat is committed after a moment.
pub(crate) async fn wait_durable(capture: &Arc<dyn ChangeCapture>, snapshot_lsn: Lsn) -> Result<()> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut nudged = false;
    while capture.durable_position().await? < snapshot_lsn {
        if begun.elapsed() > PATIENCE && !nudged {
            capture.heartbeat().await?;
            nudged = true;
            continue;
        }
        if begun.elapsed() > READING_TRANSACTION {
            let message = "the source does not flush its log: its flush position does not move";
            return Err(Error::new(ErrorKind::Unanswered, message));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    Ok(())
}
