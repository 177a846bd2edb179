//! Whether the log that is followed is the one whose changes were confirmed. A database that was restored from
//! a copy of its files has the same identity and timeline, and once it has written past what was confirmed its
//! positions look right too. But the copy holds the slot as it was, so what the state holds as confirmed is
//! streamed once more: the same last transaction, and nothing between it and the confirmed position.
//!
//! Only changes that matter are streamed. Another lock, or an index that is built again, lets others matter, so
//! what was picked by other rules is not held against what comes again: it is skipped.
//!
//! Rule *same-history* of docs/correctness.md.

use std::collections::BTreeMap;

use flusso_schemas::hash::short_hash;
use flusso_schemas::lock::edges_fingerprint;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{CatalogRecord, Confirmed, Picked};

use crate::error::Result;
use crate::recovery::DriftCause;
use crate::session::Targets;
use crate::session::state::{SinkState, lowest_project};
use crate::source::{Event, TransactionStart};

/// Compares what is streamed again with what was confirmed. It is durable in every sink, so that nothing of
/// it is worked on again.
#[derive(Debug)]
pub(crate) struct History {
    confirmed: Confirmed,
    /// What ends at this position or before may have been picked by other rules than what comes again.
    picked_since: Lsn,
    /// The first transaction that was written after the confirmed position.
    written: Option<TransactionStart>,
    /// Whether the last confirmed transaction was seen, or lies before what is streamed.
    is_seen: bool,
    /// Whether the stream is past everything that it has to bring.
    is_past: bool,
    open: Option<TransactionStart>,
}

impl History {
    /// What a stream that begins at `from` has to bring where everything up to `confirmed` was confirmed, and
    /// what came after `picked_since` was picked by the rules of now, as was `written`.
    pub(crate) fn new(
        confirmed: Confirmed,
        from: Lsn,
        picked_since: Lsn,
        written: Option<TransactionStart>,
    ) -> Self {
        let is_seen = confirmed.transaction_end.is_none_or(|end| end <= from.max(picked_since));
        let is_past = from >= confirmed.position && written.is_none();
        Self { confirmed, picked_since, written, is_seen, is_past, open: None }
    }

    /// Whether everything that was confirmed was found in the log.
    pub(crate) fn is_past(&self) -> bool {
        self.is_past
    }

    /// The event where it is news; an error where the log is not the one that was confirmed.
    pub(crate) fn news(&mut self, event: Event) -> Result<Option<Event>> {
        if self.is_past {
            return Ok(Some(event));
        }
        match &event {
            Event::Begin(start) if start.commit < self.confirmed.position => self.open = Some(*start),
            Event::Begin(start) => return self.pass(*start, event),
            Event::Commit { end } => self.judge(*end)?,
            Event::Keepalive(position) if *position >= self.confirmed.position => {
                return self.idle(*position, event);
            }
            _ => {}
        }
        Ok(None)
    }

    /// The first transaction above the confirmed position: where one was written, it is that.
    fn pass(&mut self, start: TransactionStart, event: Event) -> Result<Option<Event>> {
        let is_written = self.written.is_none_or(|written| written == start);
        if !self.is_seen || !is_written {
            return Err(self.differs());
        }
        self.is_past = true;
        Ok(Some(event))
    }

    /// Nothing below a position is still to come. What was written may come above it.
    fn idle(&mut self, position: Lsn, event: Event) -> Result<Option<Event>> {
        match self.written {
            _ if !self.is_seen => Err(self.differs()),
            Some(written) if position <= written.commit => Ok(None),
            Some(_) => Err(self.differs()),
            None => {
                self.is_past = true;
                Ok(Some(event))
            }
        }
    }

    /// A transaction that ends below the confirmed position, and was confirmed with everything before it.
    fn judge(&mut self, end: Lsn) -> Result<()> {
        let Confirmed { transaction_end, xid, commit_time_us, .. } = self.confirmed;
        let open = self.open.take();
        match transaction_end {
            Some(last) if end < last && !self.is_seen => Ok(()),
            Some(last) if end == last => {
                let found = (open.map(|open| open.xid), open.map(|open| open.commit_time_us));
                self.is_seen = found == (xid, commit_time_us);
                if self.is_seen { Ok(()) } else { Err(self.differs()) }
            }
            _ if end <= self.picked_since => Ok(()),
            _ => Err(self.differs()),
        }
    }

    fn differs(&self) -> crate::Error {
        DriftCause::HistoryDiffers { confirmed: self.confirmed.position }.error()
    }
}

/// What the log of a session has to hold: by which rules it picks changes (those of the state where they are
/// the same, else its own from the confirmed position on), and what was written after that position.
pub(crate) async fn recognised_by(
    targets: &Targets,
    records: &BTreeMap<usize, CatalogRecord>,
    states: &[SinkState],
    confirmed: Lsn,
) -> (Picked, Option<TransactionStart>) {
    let ours = Picked { routes: routes(targets, records), since: confirmed };
    let Some((_, project)) = lowest_project(states).await else { return (ours, None) };
    match project.picked.filter(|picked| picked.routes == ours.routes) {
        Some(picked) => (picked, project.written),
        None => (ours, None),
    }
}

/// Hash of everything that decides whether a row leads to a document.
fn routes(targets: &Targets, records: &BTreeMap<usize, CatalogRecord>) -> String {
    let each = records.iter().map(|(index, record)| {
        let tables = record.tables.iter().map(|(table, known)| {
            let columns = known.columns.iter().map(|(name, known)| format!("{name}={}", known.num));
            format!("{table}={}({})", known.oid, columns.collect::<Vec<_>>().join(","))
        });
        let plan = targets.index(*index);
        format!("{} {} {}", plan.name, edges_fingerprint(plan), tables.collect::<Vec<_>>().join(","))
    });
    short_hash(each.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(xid: u32, commit: u64) -> Event {
        Event::Begin(TransactionStart { xid, commit: Lsn(commit), commit_time_us: 7 })
    }

    fn commit(end: u64) -> Event {
        Event::Commit { end: Lsn(end) }
    }

    /// The transaction 9 of 180 to 190 was confirmed last, then the position 200.
    fn from(position: u64) -> History {
        let confirmed = Confirmed {
            position: Lsn(200),
            transaction_end: Some(Lsn(190)),
            xid: Some(9),
            commit_time_us: Some(7),
        };
        History::new(confirmed, Lsn(position), Lsn(100), None)
    }

    fn news(mut history: History, events: &[Event]) -> Result<Vec<Event>> {
        let mut news = Vec::new();
        for event in events {
            news.extend(history.news(event.clone())?);
        }
        Ok(news)
    }

    #[test]
    fn what_was_confirmed_comes_again_and_is_not_news() {
        let again = [begin(8, 150), commit(160), Event::Keepalive(Lsn(170)), begin(9, 180), commit(190)];
        let new = [begin(10, 200), commit(220)];
        assert_eq!(news(from(140), &[again.as_slice(), &new].concat()).expect("the same log"), new);
        let alive = [Event::Keepalive(Lsn(200)), begin(10, 210)];
        assert_eq!(news(from(140), &[again.as_slice(), &alive].concat()).expect("the same log"), alive);
        assert_eq!(news(from(190), &alive).expect("nothing comes again"), alive);
        assert_eq!(news(from(200), &new).expect("nothing comes again"), new);
    }

    #[test]
    fn a_log_without_the_last_transaction_is_another_one() {
        for events in [
            [begin(10, 200)].as_slice(),
            &[Event::Keepalive(Lsn(240))],
            &[begin(9, 170), commit(195)],
            &[begin(11, 180), commit(190)],
            &[begin(8, 150), commit(160), begin(10, 210)],
        ] {
            let error = news(from(140), events).expect_err("another log");
            assert!(error.message.contains("another history"), "{error}");
        }
        let late = Event::Begin(TransactionStart { xid: 9, commit: Lsn(180), commit_time_us: 8 });
        news(from(140), &[late, commit(190)]).expect_err("another commit time");
    }

    /// An apply with another lock, or after an index was marked stale, and a server that was restarted.
    #[test]
    fn what_other_rules_picked_may_lack_the_last_transaction_or_have_more() {
        let confirmed = from(140).confirmed;
        let picked_since = |since: u64| History::new(confirmed, Lsn(140), Lsn(since), None);
        let new = [begin(10, 200), commit(220)];
        let more = [begin(8, 150), commit(160), begin(12, 192), commit(198)];
        for again in [more.as_slice(), &[]] {
            assert_eq!(news(picked_since(200), &[again, &new].concat()).expect("the same log"), new);
        }
        news(picked_since(200), &[begin(11, 180), commit(190)]).expect_err("another transaction ends there");
        news(picked_since(195), &more).expect_err("it was picked by the rules of now");
        news(picked_since(185), &new).expect_err("the last one would have come");
    }

    #[test]
    fn a_log_without_what_was_written_last_is_another_one() {
        let written = Some(TransactionStart { commit: Lsn(210), xid: 10, commit_time_us: 7 });
        let began =
            |from: u64| History::new(super::tests::from(from).confirmed, Lsn(from), Lsn(100), written);
        let again = [begin(9, 180), commit(190), Event::Keepalive(Lsn(205))];
        let new = [begin(10, 210), commit(220)];
        assert_eq!(news(began(140), &[again.as_slice(), &new].concat()).expect("the same log"), new);
        assert_eq!(news(began(200), &new).expect("the same log"), new);
        assert_eq!(news(began(200), &[Event::Keepalive(Lsn(210))]).expect("it may still come"), []);
        for other in [begin(10, 212), begin(11, 210), begin(8, 205), Event::Keepalive(Lsn(211))] {
            news(began(200), &[other]).expect_err("the file does not exist");
        }
    }

    #[test]
    fn a_log_with_more_than_was_confirmed_is_another_one() {
        news(from(190), &[begin(10, 192), commit(198)]).expect_err("it was not there");
        news(from(140), &[begin(9, 180), commit(190), begin(10, 192), commit(198)]).expect_err("nor here");
        news(from(195), &[begin(10, 196), commit(230)]).expect_err("across the confirmed position");
        let fresh = Confirmed { position: Lsn(200), transaction_end: None, xid: None, commit_time_us: None };
        news(History::new(fresh, Lsn(150), Lsn(150), None), &[begin(10, 192), commit(198)])
            .expect_err("before any");
        news(History::new(fresh, Lsn(150), Lsn(150), None), &[begin(10, 200)]).expect("the first");
    }
}
