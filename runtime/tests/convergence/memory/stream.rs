//! The source's stream: durable transactions from the slot's position on, then keepalives.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::CatalogRecord;

use super::calls::Call;
use super::capture::MemoryLease;
use super::world::{Inner, Session};
use flusso_runtime::error::Result;
use flusso_runtime::source::{ChangeStream, Event, Lease};

#[derive(Debug)]
pub(super) struct MemoryStream {
    session: Arc<Session>,
    reader: Reader,
    arrived: Option<Event>,
    taken_at_once: usize,
    is_followed: bool,
}

#[derive(Debug)]
struct Reader {
    /// Transactions whose commit record begins below were sent.
    from: Lsn,
    kept_alive: Lsn,
    ready: VecDeque<Event>,
}

impl MemoryStream {
    pub(super) fn new(session: Session, from: Lsn) -> Self {
        let reader = Reader { from, kept_alive: from, ready: VecDeque::new() };
        Self { session: Arc::new(session), reader, arrived: None, taken_at_once: 0, is_followed: false }
    }
}

impl Reader {
    /// The next event, where there is one.
    fn take(&mut self, inner: &Inner) -> Option<Event> {
        if let Some(event) = self.ready.pop_front() {
            return Some(event);
        }
        if let Some(transaction) = inner.next_transaction(self.from) {
            self.from = transaction.end;
            self.ready.extend(transaction.events);
            self.ready.push_back(Event::Commit { end: transaction.end });
            return Some(Event::Begin(transaction.start));
        }
        if inner.flush > self.kept_alive {
            self.kept_alive = inner.flush;
            return Some(Event::Keepalive(inner.flush));
        }
        None
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        let id = self.session.id;
        self.session.world.with(|inner| {
            if let Some(slot) = &mut inner.slot {
                slot.holder.take_if(|(holder, _)| *holder == id);
            }
        });
    }
}

#[async_trait]
impl ChangeStream for MemoryStream {
    fn follow(&mut self, records: &BTreeMap<usize, CatalogRecord>) {
        self.is_followed = !records.is_empty();
    }

    async fn next(&mut self) -> Result<Event> {
        assert!(self.is_followed, "no row can be routed before it is known by what");
        self.taken_at_once = 1;
        let (session, reader, arrived) = (&self.session, &mut self.reader, &mut self.arrived);
        let is_there = session.world.wait(|inner| {
            if arrived.is_none() && !session.is_lost(inner) {
                *arrived = reader.take(inner);
            }
            (arrived.is_some() || session.is_lost(inner)).then_some(())
        });
        is_there.await;
        // Kept in `arrived` meanwhile: cancelling loses nothing.
        session.process.reach(Call::Next).await?;
        session.check()?;
        Ok(self.arrived.take().expect("the session is there, so an event arrived"))
    }

    fn try_next(&mut self) -> Result<Option<Event>> {
        self.session.check()?;
        if self.session.process.is_killed() {
            return Ok(None);
        }
        let burst = self.session.world.read(|inner| inner.burst);
        if self.taken_at_once >= burst {
            return Ok(None);
        }
        self.taken_at_once += 1;
        if let Some(event) = self.arrived.take() {
            return Ok(Some(event));
        }
        let reader = &mut self.reader;
        Ok(self.session.world.read(|inner| reader.take(inner)))
    }

    async fn confirm(&self, position: Lsn) -> Result<()> {
        self.session.process.reach(Call::Confirm).await?;
        self.session.check()?;
        self.session.world.judge_confirm(position);
        self.session.world.with(|inner| {
            if let Some(slot) = &mut inner.slot {
                slot.confirmed = slot.confirmed.max(position);
            }
        });
        self.session.process.reach(Call::ConfirmDone).await
    }

    fn lease(&self) -> Arc<dyn Lease> {
        Arc::new(MemoryLease(self.session.clone()))
    }
}
