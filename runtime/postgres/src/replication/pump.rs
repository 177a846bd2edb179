//! The task that owns a stream's connection: reads while there is room, and always answers the server.
//!
//! Rule *status-updates* of docs/correctness.md.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use flusso_runtime::progress::ProgressEvent;
use flusso_runtime::source::Event;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::quote_literal;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use super::bytes::{Cursor, Malformed};
use super::hits::RowError;
use super::lease::{Pace, SlotLease};
use super::transactions::Transactions;
use super::walsender::{Frame, Walsender, garbled, lost, parse_error};
use crate::session::{Bond, Session};

/// A request to release what lies below a position.
#[derive(Debug)]
pub(super) struct Confirm {
    pub(super) position: Lsn,
    /// Answered once the position was sent.
    pub(super) sent: oneshot::Sender<()>,
}

/// Everything the task works with.
pub(super) struct Pump {
    pub(super) slot: String,
    pub(super) walsender: Walsender,
    /// Set once it is known which tables matter; nothing is read before.
    pub(super) transactions: Option<Transactions>,
    pub(super) routed: oneshot::Receiver<Transactions>,
    pub(super) progress: Arc<dyn flusso_runtime::Progress>,
    pub(super) pace: Pace,
    pub(super) lease: Arc<SlotLease>,
    pub(super) bond: Bond,
    pub(super) observer: Arc<Session>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) confirms: mpsc::Receiver<Confirm>,
    pub(super) end: Arc<Mutex<Option<Error>>>,
}

/// An answer of another session that is still to come: when it was asked, if the slot is ours.
type Observation = Pin<Box<dyn Future<Output = Result<Instant>> + Send>>;

/// The stream's progress, which changes with each message.
#[derive(Default)]
struct Progress {
    /// Highest position that the server named.
    received: Lsn,
    /// Highest position that was confirmed.
    confirmed: Lsn,
    /// Decoded and not yet in the queue.
    decoded: VecDeque<Event>,
    observation: Option<Observation>,
    /// Whether the present silence was said.
    said_silent: bool,
}

impl Pump {
    /// Goes on until the consumer drops its end or something breaks; then the connection is closed at
    /// once, or a server that shuts down would wait for us for as long as we lag.
    pub(super) async fn run(mut self) {
        let outcome = self.stream().await;
        match outcome {
            Ok(()) => self.lease.lose("the stream was closed".to_owned()),
            Err(error) => {
                self.lease.lose(error.to_string());
                if error.kind == ErrorKind::ConnectionLost {
                    self.bond.sever(error.to_string());
                }
                *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        }
        // Only now, so that whoever sees the queue end also finds the reason.
        drop(self.events);
        self.walsender.close(true).await;
    }

    async fn stream(&mut self) -> Result<()> {
        let mut progress = Progress::default();
        let bond = self.bond.clone();
        let mut severed = pin!(bond.severed());
        let mut status = interval(self.pace.status);
        status.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let room = self.drain(&mut progress)?;
            tokio::select! {
                error = &mut severed => return Err(error),
                transactions = &mut self.routed, if self.transactions.is_none() => match transactions {
                    Ok(transactions) => self.transactions = Some(transactions),
                    // The consumer dropped its end.
                    Err(_) => return Ok(()),
                },
                () = has_room(&self.events), if !room && self.transactions.is_some() => {}
                filled = self.walsender.fill(), if room => filled?,
                confirm = self.confirms.recv() => match confirm {
                    Some(confirm) => self.confirm(&mut progress, confirm).await?,
                    None => return Ok(()),
                },
                asked = observed(&mut progress.observation) => {
                    progress.observation = None;
                    self.lease.observed(asked?);
                }
                _ = status.tick() => self.status(&mut progress).await?,
            }
        }
    }

    /// Moves what was read into the queue; whether there is room for more.
    fn drain(&mut self, progress: &mut Progress) -> Result<bool> {
        if self.transactions.is_none() {
            return Ok(false);
        }
        loop {
            while let Some(event) = progress.decoded.pop_front() {
                match self.events.try_send(event) {
                    Ok(()) => {}
                    Err(TrySendError::Full(event) | TrySendError::Closed(event)) => {
                        progress.decoded.push_front(event);
                        return Ok(false);
                    }
                }
            }
            let Some(frame) = self.walsender.next_frame()? else { return Ok(true) };
            self.take(progress, &frame)?;
        }
    }

    fn take(&mut self, progress: &mut Progress, frame: &Frame) -> Result<()> {
        match frame.tag {
            b'd' => self.data(progress, &frame.body),
            b'E' => Err(parse_error(&frame.body)?.failed(&format!("streaming slot `{}`", self.slot))),
            b'c' | b'C' => Err(lost("the server ended the stream")),
            _ => Ok(()),
        }
    }

    fn data(&mut self, progress: &mut Progress, body: &[u8]) -> Result<()> {
        let mut cursor = Cursor::new(body);
        match cursor.u8().map_err(garbled)? {
            b'w' => {
                let (start, end) = (cursor.lsn().map_err(garbled)?, cursor.lsn().map_err(garbled)?);
                let _clock = cursor.i64().map_err(garbled)?;
                progress.received = progress.received.max(start).max(end);
                self.transactions().message(cursor.rest(), &mut progress.decoded).map_err(unreadable)
            }
            b'k' => {
                let end = cursor.lsn().map_err(garbled)?;
                // Whether it asks for an answer does not matter: it answers an update of ours, or one
                // goes out within the interval, far below the server's timeout.
                progress.received = progress.received.max(end);
                self.lease.answered();
                self.transactions().keepalive(end, &mut progress.decoded);
                Ok(())
            }
            _ => Err(garbled(Malformed("something else than changes and keepalives"))),
        }
    }

    fn transactions(&mut self) -> &mut Transactions {
        self.transactions.as_mut().expect("nothing is read before it is known which tables matter")
    }

    /// Two updates: the slot keeps the position; a walsender with flush position 0/0 cannot be chosen as a
    /// synchronous standby, and a fast shutdown does not wait for our sinks.
    async fn confirm(&mut self, progress: &mut Progress, confirm: Confirm) -> Result<()> {
        if confirm.position > progress.confirmed {
            progress.confirmed = confirm.position;
            let received = progress.received.max(confirm.position);
            self.put_status(received, confirm.position);
            self.put_status(received, Lsn::ZERO);
            self.walsender.send().await?;
        }
        // A consumer that no longer waits has lost nothing.
        let _ = confirm.sent.send(());
        Ok(())
    }

    async fn status(&mut self, progress: &mut Progress) -> Result<()> {
        self.lease.within(self.pace.give_up)?;
        if self.lease.needs_observing() && progress.observation.is_none() {
            progress.observation = Some(self.observe());
        }
        let is_silent = self.lease.is_silent();
        // While nothing is read, the silence is ours.
        if is_silent && !progress.said_silent && self.transactions.is_some() && progress.decoded.is_empty() {
            self.say_silent();
        }
        progress.said_silent = is_silent;
        self.put_status(progress.received, Lsn::ZERO);
        self.walsender.send().await
    }

    fn say_silent(&self) {
        let what = format!(
            "for the walsender of slot `{}` (process {}), which has not answered for {} s: it is decoding a \
             large transaction, or its connection or server hangs",
            self.slot,
            self.walsender.process_id,
            self.pace.report.as_secs()
        );
        self.progress.event(ProgressEvent::Waiting { what });
    }

    fn put_status(&mut self, received: Lsn, flush: Lsn) {
        self.lease.asked();
        self.walsender.put_status(received, flush);
    }

    /// Asks another session whether the slot is ours.
    fn observe(&self) -> Observation {
        let session = Arc::clone(&self.observer);
        let ours = self.walsender.process_id;
        let sql = format!(
            "select 1 from pg_catalog.pg_replication_slots where slot_name = {} and active_pid = {ours}",
            quote_literal(&self.slot)
        );
        Box::pin(async move {
            let asked = Instant::now();
            match session.query("asking whether the slot is held", &sql, &[]).await?.as_slice() {
                [] => Err(lost("the server has ended it and freed the slot")),
                _ => Ok(asked),
            }
        })
    }
}

/// Ends when an event can be queued; also when nobody takes any more, which `confirms` tells as well.
async fn has_room(events: &mpsc::Sender<Event>) {
    if events.reserve().await.is_err() {
        pending().await
    }
}

async fn observed(observation: &mut Option<Observation>) -> Result<Instant> {
    match observation {
        Some(observation) => observation.await,
        None => pending().await,
    }
}

fn unreadable(error: RowError) -> Error {
    match error {
        RowError::Malformed(error) => garbled(error),
        RowError::NotUtf8 { .. } => Error::new(ErrorKind::Rejected, error.to_string()),
    }
}
