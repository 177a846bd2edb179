//! The events of a run, and the request to stop it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::{ApplyPlan, Finding};
use tokio::sync::watch;

use crate::limits::STOP_GRACE;

/// Takes what happens, as it happens. Calls come from several tasks and must not block.
pub trait Progress: Debug + Send + Sync {
    /// Reports an event to whoever watches the run.
    fn event(&self, event: ProgressEvent);
}

/// Something that happened. Never holds a row's value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProgressEvent {
    /// A preflight finding below deny.
    Finding(Finding),
    /// What apply will do.
    Plan(ApplyPlan),
    /// A step of apply begins.
    Step(String),
    /// Something is waited for; shown when it changes.
    Waiting {
        /// What for, such as `for transaction 1055` or `for a writer …`.
        what: String,
    },
    /// A backfill has made progress.
    Backfill {
        /// Name of the index.
        index: String,
        /// Documents written so far in this run.
        documents: u64,
        /// Rows that the source estimates in all.
        rows_estimated: Option<u64>,
    },
    /// A verification has made progress; it passes over an index more than once, each time from 0.
    Verify {
        /// Name of the index.
        index: String,
        /// The unit of the comparison, a noun in the singular: `key`, `document`.
        what: &'static str,
        /// How many were compared in this pass.
        compared: u64,
    },
    /// A batch of changes was written.
    Followed {
        /// Number of documents written.
        documents: u64,
        /// Number of documents deleted.
        deletes: u64,
    },
    /// A position was confirmed.
    Confirmed(Lsn),
    /// Following is up to date enough to be used; `run` prints it once.
    Ready,
    /// Something keeps the run from going on, and is tried again until it is over. Sent once an outage
    /// and cause, not once an attempt.
    OutageBegan {
        /// The problem, naming the server.
        reason: String,
    },
    /// The outage that was reported is over.
    OutageEnded {
        /// The server that is back; `None` if it is the session as a whole.
        server: Option<String>,
        /// How long it lasted.
        lasted: Duration,
    },
    /// A run that was asked to stop ends without what some server still owes it.
    StoppedShort,
}

/// A progress that is thrown away.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _event: ProgressEvent) {}
}

/// Whether the run was asked to stop. Cloned into every task.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>, Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        let (sender, receiver) = watch::channel(false);
        Self(receiver, Arc::new(sender))
    }
}

impl Shutdown {
    /// Asks every holder of a clone to stop at its next safe point.
    pub fn request(&self) {
        self.1.send_replace(true);
    }

    /// Whether it was asked.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it is asked.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        // The sender lives in `self`, so waiting ends only with the request.
        let _ = receiver.wait_for(|asked| *asked).await;
    }

    /// Does work until its end, or until [`STOP_GRACE`] after the request to stop: no server that keeps
    /// silent may hold a stop. None where the work was cut short.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let cut = async {
            self.requested().await;
            tokio::time::sleep(STOP_GRACE).await;
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = cut => None,
        }
    }
}
