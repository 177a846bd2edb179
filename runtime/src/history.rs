//! Whether the log that is followed is the one whose changes were confirmed. A database that was restored from
//! a copy of its files has the same identity and timeline, and once it has written past what was confirmed its
//! positions look right too. But the copy holds the slot as it was, so what the state holds as confirmed is
//! streamed once more: the same last transaction, and nothing between it and the confirmed position.

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::Confirmed;

use crate::error::Result;
use crate::recovery::DriftCause;
use crate::source::{Event, TransactionStart};

/// What is streamed once more, compared with what was confirmed. It is durable in every sink, so that nothing
/// of it is worked on again.
#[derive(Debug)]
pub struct History {
    confirmed: Confirmed,
    /// Whether the last confirmed transaction was seen, or lies before what is streamed.
    is_seen: bool,
    /// Whether the stream is past the confirmed position.
    is_past: bool,
    open: Option<TransactionStart>,
}

impl History {
    /// What a stream that begins at `from` has to bring where everything up to `confirmed` was confirmed.
    pub fn new(confirmed: Confirmed, from: Lsn) -> Self {
        let is_seen = confirmed.transaction_end.is_none_or(|end| end <= from);
        Self { confirmed, is_seen, is_past: from >= confirmed.position, open: None }
    }

    /// Whether everything that was confirmed was found in the log.
    pub fn is_past(&self) -> bool {
        self.is_past
    }

    /// The event where it is news; an error where the log is not the one that was confirmed.
    pub fn news(&mut self, event: Event) -> Result<Option<Event>> {
        if self.is_past {
            return Ok(Some(event));
        }
        match &event {
            Event::Begin(start) if start.commit < self.confirmed.position => self.open = Some(*start),
            Event::Begin(_) => return self.pass(event),
            Event::Commit { end } => self.judge(*end)?,
            Event::Keepalive(position) if *position >= self.confirmed.position => return self.pass(event),
            _ => {}
        }
        Ok(None)
    }

    fn pass(&mut self, event: Event) -> Result<Option<Event>> {
        if !self.is_seen {
            return Err(self.differs());
        }
        self.is_past = true;
        Ok(Some(event))
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
            _ => Err(self.differs()),
        }
    }

    fn differs(&self) -> crate::Error {
        DriftCause::HistoryDiffers { confirmed: self.confirmed.position }.error()
    }
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
        History::new(confirmed, Lsn(position))
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

    #[test]
    fn a_log_with_more_than_was_confirmed_is_another_one() {
        news(from(190), &[begin(10, 192), commit(198)]).expect_err("it was not there");
        news(from(140), &[begin(9, 180), commit(190), begin(10, 192), commit(198)]).expect_err("nor here");
        news(from(195), &[begin(10, 196), commit(230)]).expect_err("across the confirmed position");
        let fresh = Confirmed { position: Lsn(200), transaction_end: None, xid: None, commit_time_us: None };
        news(History::new(fresh, Lsn(150)), &[begin(10, 192), commit(198)]).expect_err("before any");
        news(History::new(fresh, Lsn(150)), &[begin(10, 200)]).expect("the first");
    }
}
