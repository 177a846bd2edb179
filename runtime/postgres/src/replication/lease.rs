//! Whether the slot is still ours: lost with the connection, unconfirmed while the walsender is silent.
//!
//! Rule *lease* of docs/correctness.md.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flusso_runtime::Result;
use flusso_runtime::limits::STATUS_INTERVAL;
use flusso_runtime::source::Lease;

use super::walsender::lost;

/// `wal_sender_timeout` where it is 0, which means never.
const TIMEOUT_WHERE_NONE: Duration = Duration::from_secs(60);
/// How long a walsender may be silent before another session is asked whether the slot is ours.
const OBSERVE_AFTER: Duration = Duration::from_secs(10);
/// Longest time that what another session saw counts.
const OBSERVATION_COUNTS: Duration = Duration::from_secs(5);
/// Status updates and observations in one `wal_sender_timeout`, at least.
const SIGNS_IN_TIMEOUT: u32 = 6;

/// Bounds that follow from the server's `wal_sender_timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// How often a status update goes out at least.
    pub(super) status: Duration,
    /// Silence after which another session is asked, with each status update.
    pub(super) observe: Duration,
    /// Silence that is reported.
    pub(super) report: Duration,
    /// Silence after which the slot is unconfirmed, unless another session has seen it: half the timeout, so
    /// that what was sent before has arrived when the server gives the slot to someone else.
    pub(super) unconfirmed_after: Duration,
    /// How long it counts that another session saw it.
    pub(super) fresh: Duration,
    /// Silence after which the connection is given up.
    pub(super) give_up: Duration,
}

impl Pace {
    /// The pace under a `wal_sender_timeout`; zero means that the server never gives up.
    pub(super) fn of(timeout: Duration) -> Self {
        let timeout = if timeout.is_zero() { TIMEOUT_WHERE_NONE } else { timeout };
        let sign = timeout / SIGNS_IN_TIMEOUT;
        Self {
            status: STATUS_INTERVAL.min(sign),
            observe: OBSERVE_AFTER.min(sign),
            report: timeout / 3,
            unconfirmed_after: timeout / 2,
            fresh: OBSERVATION_COUNTS.min(timeout / 4),
            give_up: timeout,
        }
    }
}

/// The lease of a slot, shared by the stream's task and everyone who writes because of it.
///
/// Answers that are not read yet say nothing, and a walsender that skips a whole transaction answers only at
/// half of its timeout; so after a long silence another session looks whether the slot is ours.
#[derive(Debug)]
pub(super) struct SlotLease {
    pace: Pace,
    signs: Mutex<Signs>,
}

#[derive(Debug)]
struct Signs {
    lost: Option<String>,
    /// When the newest update went out that was answered: the slot was ours at least then.
    known: Instant,
    /// When the updates went out that are not answered yet, oldest first.
    unanswered: VecDeque<Instant>,
    /// When another session last asked and heard that the slot is ours.
    observed: Option<Instant>,
}

impl SlotLease {
    /// The lease of a slot that was just acquired.
    pub(super) fn new(pace: Pace) -> Self {
        let signs = Signs { lost: None, known: Instant::now(), unanswered: VecDeque::new(), observed: None };
        Self { pace, signs: Mutex::new(signs) }
    }

    /// A status update that requests an answer is sent.
    pub(super) fn asked(&self) {
        self.signs().unanswered.push_back(Instant::now());
    }

    /// The walsender answered one.
    pub(super) fn answered(&self) {
        let mut signs = self.signs();
        if let Some(asked) = signs.unanswered.pop_front() {
            signs.known = asked;
        }
    }

    /// At `asked` another session saw that the slot is ours.
    pub(super) fn observed(&self, asked: Instant) {
        self.signs().observed = Some(asked);
    }

    /// The slot is ours no more, or soon will not be. The first reason stays.
    pub(super) fn lose(&self, reason: String) {
        self.signs().lost.get_or_insert(reason);
    }

    /// Whether another session is to be asked.
    pub(super) fn needs_observing(&self) -> bool {
        self.signs().silence() > self.pace.observe
    }

    /// Whether to report that the server does not answer.
    pub(super) fn is_silent(&self) -> bool {
        self.signs().silence() > self.pace.report
    }

    /// An error if nothing has shown for longer than `bound` that the slot is ours.
    pub(super) fn within(&self, bound: Duration) -> Result<()> {
        let signs = self.signs();
        let silence = signs.silence();
        let is_seen = signs.observed.is_some_and(|asked| asked.elapsed() <= self.pace.fresh);
        if silence <= bound || is_seen {
            return Ok(());
        }
        Err(lost(&format!("the server has been silent for {} ms", silence.as_millis())))
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        // Each change is one assignment, so a holder that panicked left nothing half done.
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signs {
    /// Age of the newest update that was answered. Not of the oldest that was not: none of those is
    /// there after this process itself was stopped for a while.
    fn silence(&self) -> Duration {
        self.known.elapsed()
    }
}

impl Lease for SlotLease {
    fn check(&self) -> Result<()> {
        if let Some(reason) = &self.signs().lost {
            return Err(lost(reason));
        }
        self.within(self.pace.unconfirmed_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBT: Duration = Duration::from_millis(40);

    fn lease() -> SlotLease {
        SlotLease::new(Pace {
            unconfirmed_after: DOUBT,
            fresh: DOUBT,
            observe: DOUBT / 2,
            ..Pace::of(Duration::ZERO)
        })
    }

    #[test]
    fn half_of_the_servers_timeout_is_the_longest_silence_and_none_counts_as_a_minute() {
        let minute = Pace::of(Duration::ZERO);
        assert_eq!(minute, Pace::of(Duration::from_secs(60)));
        assert_eq!((minute.status, minute.observe), (STATUS_INTERVAL, OBSERVE_AFTER));
        assert_eq!(
            (minute.unconfirmed_after, minute.give_up),
            (Duration::from_secs(30), Duration::from_secs(60))
        );
        let short = Pace::of(Duration::from_secs(3));
        assert!(short.status < STATUS_INTERVAL && short.status < short.fresh, "one missed look is no doubt");
    }

    #[test]
    fn silence_begins_with_the_newest_update_that_was_answered() {
        let lease = lease();
        lease.check().expect("it was just acquired");
        lease.asked();
        std::thread::sleep(2 * DOUBT);
        lease.asked();
        lease.answered();
        lease.check().expect_err("what was answered went out too long ago");
        assert!(lease.needs_observing());
        lease.answered();
        lease.check().expect("the second was answered");
        assert!(!lease.needs_observing());
    }

    #[test]
    fn a_process_that_was_stopped_doubts_before_it_asks_anew() {
        let lease = lease();
        lease.asked();
        lease.answered();
        std::thread::sleep(2 * DOUBT);
        lease.check().expect_err("nothing was asked for too long");
    }

    #[test]
    fn in_a_long_silence_it_counts_for_a_moment_that_another_session_saw_the_slot() {
        let lease = lease();
        lease.asked();
        std::thread::sleep(2 * DOUBT);
        lease.observed(Instant::now());
        lease.check().expect("it was just seen");
        std::thread::sleep(2 * DOUBT);
        lease.check().expect_err("it was seen too long ago");
    }

    #[test]
    fn a_lost_slot_stays_lost_for_its_first_reason() {
        let lease = lease();
        lease.lose("the server closed it".to_owned());
        lease.lose("something else".to_owned());
        lease.observed(Instant::now());
        assert!(lease.check().expect_err("lost").to_string().ends_with("the server closed it"));
    }
}
