//! Beginning a broken session again: how long to pause, and when to give up.

use std::time::Duration;

use tokio::time::Instant;

use crate::backends::RunOptions;
use crate::bounds::{RETRY_PAUSE_FIRST, RETRY_PAUSE_MAX};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::ProgressEvent;

/// Attempts of one run.
#[derive(Debug)]
pub struct Retry {
    options: RunOptions,
    /// How long attempts may fail in a row; none for a service, which never gives up.
    total: Option<Duration>,
    pause: Duration,
    failing_since: Option<Instant>,
    reached_at: Option<Instant>,
    was_reached: bool,
}

impl Retry {
    /// Attempts that give up after `total`, if any, without having reached what they need.
    pub fn new(options: &RunOptions, total: Option<Duration>) -> Self {
        let (options, pause) = (options.clone(), RETRY_PAUSE_FIRST);
        Self { options, total, pause, failing_since: None, reached_at: None, was_reached: false }
    }

    /// A session stands. Once it has stood for a while, what breaks it is a new trouble.
    pub fn reached(&mut self) {
        self.reached_at = Some(Instant::now());
    }

    /// Whether another attempt may do better.
    pub fn may_mend(&self, error: &Error) -> bool {
        error.is_retryable() || (self.was_reached && error.kind == ErrorKind::Unreachable)
    }

    /// Pauses before the next attempt, or gives the error back: it is none that another attempt mends,
    /// the time is over, or the run was asked to stop.
    pub async fn after(&mut self, error: Error) -> Result<()> {
        let was_reached = self.reached_at.is_some();
        if self.reached_at.take_if(|reached| reached.elapsed() > RETRY_PAUSE_MAX).is_some() {
            self.failing_since = None;
            self.pause = RETRY_PAUSE_FIRST;
        }
        self.was_reached |= was_reached;
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let is_over = self.total.is_some_and(|total| since.elapsed() > total);
        if !self.may_mend(&error) || is_over || self.options.shutdown.is_requested() {
            return Err(error);
        }
        let pause_ms = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        self.options.progress.event(ProgressEvent::Retrying { reason: error.to_string(), pause_ms });
        tokio::select! {
            () = tokio::time::sleep(self.pause) => {}
            () = self.options.shutdown.requested() => return Err(error),
        }
        self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
        Ok(())
    }
}
