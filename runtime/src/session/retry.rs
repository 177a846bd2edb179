//! Beginning a broken session again: how long to pause, when to give up, and what is said of it: one line
//! when an outage begins and one when it is over.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use flusso_schemas::state::Confirmed;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::backends::RunOptions;
use crate::error::{Error, ErrorKind, Remedy, Result};
use crate::limits::{
    CREDENTIALS_WAIT, REACH_TOTAL_APPLY, RETRY_PAUSE_FIRST, RETRY_PAUSE_MAX, RETRY_TOTAL_APPLY,
    SESSION_GOOD_AFTER,
};
use crate::progress::ProgressEvent;

/// Attempts of one run.
#[derive(Debug)]
pub(crate) struct Retry {
    options: RunOptions,
    /// Whether attempts end after a while; those of a service do not.
    is_bounded: bool,
    outage: Option<Outage>,
    was_reached: bool,
    was_good: bool,
}

/// Attempts that failed in a row, without a good session between them.
#[derive(Debug)]
struct Outage {
    since: Instant,
    pause: Duration,
    /// Servers and kinds of trouble that were reported.
    reported: Vec<(Option<Box<str>>, ErrorKind)>,
    /// When credentials were first refused in it.
    refused_since: Option<Instant>,
    /// Only a confirmed write proves that it is over: the index takes reads all the while.
    is_of_writes: bool,
}

impl Retry {
    /// Attempts of a service, which retries without a limit.
    pub(crate) fn endless(options: &RunOptions) -> Self {
        Self::new(options, false)
    }

    /// Attempts of a command that has to end.
    pub(crate) fn bounded(options: &RunOptions) -> Self {
        Self::new(options, true)
    }

    fn new(options: &RunOptions, is_bounded: bool) -> Self {
        Self { options: options.clone(), is_bounded, outage: None, was_reached: false, was_good: false }
    }

    /// A session has begun. What breaks it may pass, as long as it did once.
    pub(crate) fn reached(&mut self) {
        self.was_reached = true;
    }

    /// Never ends. Run it beside a session: once that has confirmed something or lasted for a while it is
    /// good, the outage before it is over, and what breaks it later is a new one.
    pub(crate) async fn observe<T>(&mut self, mut confirmed: watch::Receiver<Confirmed>) -> T {
        let lasted = async {
            match self.outage.as_ref().is_some_and(|outage| outage.is_of_writes) {
                true => std::future::pending().await,
                false => sleep(SESSION_GOOD_AFTER).await,
            }
        };
        tokio::select! {
            changed = confirmed.changed() => match changed {
                Ok(()) => self.good(),
                // Following ended, and its task has the cause.
                Err(_) => return std::future::pending().await,
            },
            () = lasted => self.good(),
        }
        std::future::pending().await
    }

    fn good(&mut self) {
        self.was_good = true;
        if let Some(outage) = self.outage.take()
            && !outage.reported.is_empty()
        {
            let lasted = outage.since.elapsed();
            self.options.progress.event(ProgressEvent::OutageEnded { server: None, lasted });
        }
    }

    /// Whether another attempt may do better.
    pub(crate) fn may_mend(&self, error: &Error) -> bool {
        match error.kind.remedy() {
            Remedy::Retry => true,
            Remedy::RetryWhereItWorked => self.was_good,
            Remedy::Stop => false,
        }
    }

    /// Pauses before the next attempt, or gives the error back: no other attempt mends it, the time is
    /// over, or the run was asked to stop.
    pub(crate) async fn after(&mut self, error: Error) -> Result<()> {
        let may_mend = self.may_mend(&error);
        let outage = self.outage.get_or_insert_with(Outage::new);
        let is_over = outage.is_over(&error, self.is_bounded, self.was_reached);
        if !may_mend || is_over || self.options.shutdown.is_requested() {
            return Err(error);
        }
        if outage.is_news(&error) {
            self.options.progress.event(ProgressEvent::OutageBegan { reason: error.to_string() });
        }
        tokio::select! {
            () = sleep(outage.next_pause()) => Ok(()),
            () = self.options.shutdown.requested() => Err(error),
        }
    }
}

impl Outage {
    fn new() -> Self {
        let (since, pause) = (Instant::now(), RETRY_PAUSE_FIRST);
        Self { since, pause, reported: Vec::new(), refused_since: None, is_of_writes: false }
    }

    fn is_over(&mut self, error: &Error, is_bounded: bool, was_reached: bool) -> bool {
        if error.kind == ErrorKind::Misconfigured {
            let since = *self.refused_since.get_or_insert_with(Instant::now);
            if since.elapsed() > CREDENTIALS_WAIT {
                return true;
            }
        } else {
            self.refused_since = None;
        }
        let total = if was_reached { RETRY_TOTAL_APPLY } else { REACH_TOTAL_APPLY };
        is_bounded && self.since.elapsed() > total
    }

    /// Whether this was not reported for this server yet. Lost, refused and silent are one problem.
    fn is_news(&mut self, error: &Error) -> bool {
        use ErrorKind::{Blocked, ConnectionLost, Unanswered, Unreachable};
        self.is_of_writes |= error.kind == Blocked;
        if error.is_reported {
            return false;
        }
        let trouble = match error.kind {
            ConnectionLost | Unanswered | Unreachable => Unreachable,
            other => other,
        };
        let reported = (error.server.clone(), trouble);
        let is_news = !self.reported.contains(&reported);
        if is_news {
            self.reported.push(reported);
        }
        is_news
    }

    /// Doubles from attempt to attempt; a part of it is random, so that runners that failed together do
    /// not come back together.
    fn next_pause(&mut self) -> Duration {
        let step = self.pause;
        self.pause = (step * 2).min(RETRY_PAUSE_MAX);
        // The standard library seeds its hashers from the system's randomness.
        let share = u32::try_from(RandomState::new().build_hasher().finish() % 1_000).expect("below 1,000");
        step / 2 + step / 2 * share / 1_000
    }
}
