//! The consumer's end of a stream.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use flusso_runtime::limits::EVENT_QUEUE;
use flusso_runtime::source::{ChangeStream, Event, Lease};
use flusso_runtime::{Error, Progress, Result};
use flusso_schemas::lock::Lock;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::CatalogRecord;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::lease::{Pace, SlotLease};
use super::pump::{Confirm, Pump};
use super::transactions::Transactions;
use super::walsender::{Walsender, lost};
use crate::session::{Bond, Session};

/// Confirms that wait for the task; the pipeline makes one at a time.
const CONFIRM_QUEUE: usize = 4;

/// A slot's stream. Dropping it closes the connection.
pub(super) struct SlotStream {
    plan: Lock,
    /// Where the routes go, once.
    routed: Option<oneshot::Sender<Transactions>>,
    events: mpsc::Receiver<Event>,
    confirms: mpsc::Sender<Confirm>,
    lease: Arc<SlotLease>,
    /// Why the task ended, once it did.
    end: Arc<Mutex<Option<Error>>>,
}

impl SlotStream {
    /// Hands a connection that has begun to stream to a task of its own.
    pub(super) fn begin(
        plan: &Lock,
        walsender: Walsender,
        pace: Pace,
        bond: Bond,
        observer: Arc<Session>,
        progress: Arc<dyn Progress>,
    ) -> Self {
        let (sender, events) = mpsc::channel(EVENT_QUEUE);
        let (routed, is_routed) = oneshot::channel();
        let (confirms, requests) = mpsc::channel(CONFIRM_QUEUE);
        let lease = Arc::new(SlotLease::new(pace));
        let end = Arc::new(Mutex::new(None));
        let pump = Pump {
            slot: plan.source.slot.clone(),
            transactions: None,
            routed: is_routed,
            progress,
            lease: Arc::clone(&lease),
            end: Arc::clone(&end),
            events: sender,
            confirms: requests,
            walsender,
            pace,
            bond,
            observer,
        };
        tokio::spawn(pump.run());
        Self { plan: plan.clone(), routed: Some(routed), events, confirms, lease, end }
    }

    fn ended(&self) -> Error {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        end.unwrap_or_else(|| lost("the stream has ended"))
    }
}

impl fmt::Debug for SlotStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotStream").field("waiting", &self.events.len()).field("lease", &self.lease).finish()
    }
}

#[async_trait]
impl ChangeStream for SlotStream {
    fn follow(&mut self, records: &BTreeMap<usize, CatalogRecord>) {
        if let Some(routed) = self.routed.take() {
            // A task that has ended says why with the next event.
            let _ = routed.send(Transactions::new(&self.plan, records));
        }
    }

    async fn next(&mut self) -> Result<Event> {
        let event = self.events.recv().await;
        event.ok_or_else(|| self.ended())
    }

    fn try_next(&mut self) -> Result<Option<Event>> {
        match self.events.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.ended()),
        }
    }

    async fn confirm(&self, position: Lsn) -> Result<()> {
        let gone = || lost("the stream has ended, so nothing can be confirmed");
        let (sent, done) = oneshot::channel();
        self.confirms.send(Confirm { position, sent }).await.map_err(|_| gone())?;
        done.await.map_err(|_| gone())
    }

    fn lease(&self) -> Arc<dyn Lease> {
        Arc::clone(&self.lease) as Arc<dyn Lease>
    }
}
