//! Changes gathered until they are worked on together.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::TableName;
use flusso_schemas::state::{Confirmed, StaleCause};

use crate::documents::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_KEYS_MAX, EVENT_QUEUE};
use crate::source::{DirtyKey, Event, TransactionStart};

/// Gathers a stream's events; knows whether a transaction is open between two batches.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    open: Option<TransactionStart>,
}

/// Changes that are worked on together. Empty if it only moves the position.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    hits: HashSet<DirtyKey>,
    events: usize,
    /// Transactions whose effect must be visible to whatever is read for this batch.
    pub must_see: Vec<u32>,
    /// Start of the commit record of the last transaction begun: the version of every document.
    pub commit: Lsn,
    /// Tables that were emptied, which ends a batch.
    pub truncated: Option<Truncated>,
    /// Changes that are lost for some indexes, which ends a batch.
    pub lost: Vec<Lost>,
    /// The position that may be confirmed once everything is durable.
    pub completed: Option<Completed>,
    /// The first transaction with a change in it.
    pub first: Option<TransactionStart>,
    /// The transaction that continues in the next batch.
    pub open: Option<TransactionStart>,
}

/// Tables that were emptied and the indexes whose documents are suspect for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Truncated {
    /// The tables, for words.
    pub tables: Vec<TableName>,
    /// Positions of the indexes in the plan.
    pub indexes: BTreeSet<usize>,
}

/// A change that is lost for some indexes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Positions of the indexes in the plan.
    pub indexes: BTreeSet<usize>,
    /// Start of its transaction's commit record.
    pub since: Lsn,
    pub cause: StaleCause,
    /// The same in words.
    pub reason: String,
}

/// The end of the last whole transaction, or a position past it where nothing is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    position: Lsn,
    transaction: Option<(Lsn, TransactionStart)>,
}

impl Completed {
    /// As the state holds it: a mere position keeps the transaction that was confirmed before.
    pub(crate) fn after(self, before: Option<Confirmed>) -> Confirmed {
        let known =
            Confirmed { position: self.position, transaction_end: None, xid: None, commit_time_us: None };
        match (self.transaction, before) {
            (Some((end, start)), _) => Confirmed {
                transaction_end: Some(end),
                xid: Some(start.xid),
                commit_time_us: Some(start.commit_time_us),
                ..known
            },
            (None, Some(before)) => Confirmed { position: self.position.max(before.position), ..before },
            (None, None) => known,
        }
    }
}

impl Assembly {
    /// A batch that continues where the last one ended, inside a transaction or between two.
    pub(crate) fn begin(&self) -> Batch {
        let mut batch = Batch::default();
        if let Some(open) = self.open {
            batch.must_see.push(open.xid);
            batch.commit = open.commit;
            (batch.first, batch.open) = (Some(open), Some(open));
        }
        batch
    }

    /// Adds the next event of the stream, and follows which transaction is open.
    pub(crate) fn take(&mut self, batch: &mut Batch, event: Event) -> Result<()> {
        batch.events += 1;
        match event {
            Event::Begin(start) => {
                self.open = Some(start);
                batch.must_see.push(start.xid);
                batch.commit = start.commit;
                batch.first = batch.first.or(Some(start));
            }
            Event::Change(hits) => batch.hits.extend(hits),
            Event::Truncate { tables, indexes } => batch.truncated = Some(Truncated { tables, indexes }),
            Event::Commit { end } => {
                let without_begin =
                    || Error::new(ErrorKind::Internal, "the stream ended a transaction that never began");
                let start = self.open.take().ok_or_else(without_begin)?;
                batch.completed = Some(Completed { position: end, transaction: Some((end, start)) });
            }
            Event::Keepalive(position) if self.open.is_none() => batch.keepalive(position),
            Event::Keepalive(_) => {}
            Event::Unusable { indexes, cause, reason } => {
                let since = self.open.map_or(Lsn::ZERO, |open| open.commit);
                batch.lost.push(Lost { indexes, since, cause, reason });
            }
        }
        batch.open = self.open;
        Ok(())
    }
}

impl Batch {
    /// Whether nothing more is taken: it is large, tables were emptied, or a change is lost. Events count as well: many
    /// transactions that no index cares for, or many changes of one row, make few hits.
    pub(crate) fn is_full(&self) -> bool {
        self.hits.len() >= BATCH_KEYS_MAX || self.events >= EVENT_QUEUE || self.ends()
    }

    /// Whether nothing has to be built.
    pub(crate) fn is_empty(&self) -> bool {
        self.hits.is_empty() && !self.ends()
    }

    fn ends(&self) -> bool {
        self.truncated.is_some() || !self.lost.is_empty()
    }

    /// Navigation values by index and edge, each once.
    pub(crate) fn by_index(&self) -> BTreeMap<usize, BTreeMap<usize, Vec<Key>>> {
        let mut by_index: BTreeMap<usize, BTreeMap<usize, Vec<Key>>> = BTreeMap::new();
        for hit in &self.hits {
            by_index.entry(hit.index).or_default().entry(hit.edge).or_default().push(hit.key.clone());
        }
        by_index
    }

    fn keepalive(&mut self, position: Lsn) {
        match &mut self.completed {
            Some(completed) => completed.position = completed.position.max(position),
            None => self.completed = Some(Completed { position, transaction: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(xid: u32, commit: u64) -> TransactionStart {
        TransactionStart { xid, commit: Lsn(commit), commit_time_us: 7 }
    }

    fn hit(key: &str) -> DirtyKey {
        DirtyKey { index: 0, edge: 0, key: Key(vec![key.to_owned()]) }
    }

    #[test]
    fn a_batch_inside_a_transaction_must_see_it_and_completes_nothing() {
        let mut assembly = Assembly::default();
        let mut first = assembly.begin();
        assembly.take(&mut first, Event::Begin(start(7, 100))).expect("begin");
        assembly.take(&mut first, Event::Change(vec![hit("1"), hit("1")])).expect("change");
        assert_eq!(
            (first.must_see.as_slice(), first.commit, first.completed),
            ([7].as_slice(), Lsn(100), None)
        );
        assert_eq!(first.by_index()[&0][&0].len(), 1);

        let mut second = assembly.begin();
        assert_eq!((second.must_see.as_slice(), second.commit), ([7].as_slice(), Lsn(100)));
        assembly.take(&mut second, Event::Commit { end: Lsn(140) }).expect("commit");
        let confirmed = second.completed.expect("whole now").after(None);
        assert_eq!((confirmed.position, confirmed.xid), (Lsn(140), Some(7)));
    }

    #[test]
    fn many_transactions_without_a_hit_fill_a_batch() {
        let (mut assembly, mut events) = (Assembly::default(), 0);
        let mut batch = assembly.begin();
        while !batch.is_full() {
            assembly.take(&mut batch, Event::Begin(start(7, 100))).expect("begin");
            assembly.take(&mut batch, Event::Commit { end: Lsn(140) }).expect("commit");
            events += 2;
        }
        assert_eq!(events, EVENT_QUEUE);
    }

    #[test]
    fn a_keepalive_moves_the_position_only_between_transactions() {
        let mut assembly = Assembly::default();
        let mut batch = assembly.begin();
        assembly.take(&mut batch, Event::Begin(start(7, 100))).expect("begin");
        assembly.take(&mut batch, Event::Keepalive(Lsn(120))).expect("keepalive");
        assert_eq!(batch.completed, None);
        assembly.take(&mut batch, Event::Commit { end: Lsn(140) }).expect("commit");
        assembly.take(&mut batch, Event::Keepalive(Lsn(180))).expect("keepalive");
        let confirmed = batch.completed.expect("whole").after(None);
        assert_eq!((confirmed.position, confirmed.transaction_end), (Lsn(180), Some(Lsn(140))));
    }

    #[test]
    fn a_mere_position_keeps_the_transaction_confirmed_before_and_never_goes_back() {
        let before = Confirmed {
            position: Lsn(200),
            transaction_end: Some(Lsn(190)),
            xid: Some(3),
            commit_time_us: Some(1),
        };
        let mut assembly = Assembly::default();
        let mut batch = assembly.begin();
        assembly.take(&mut batch, Event::Keepalive(Lsn(150))).expect("keepalive");
        assert_eq!(batch.completed.expect("a position").after(Some(before)), before);
    }
}
