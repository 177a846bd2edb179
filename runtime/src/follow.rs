//! Keeps the world as an apply left it: follows the stream until it is asked to stop.
//!
//! Rule *start-up* of docs/correctness.md.

mod checks;
mod watch;

use std::sync::Arc;

use flusso_schemas::lock::Lock;

use crate::apply::swap::settle_swaps;
use crate::backends::{Backends, RunOptions};
use crate::error::{ErrorKind, Result};
use crate::progress::ProgressEvent;
use crate::session::comparison::PendingComparisons;
use crate::session::retry::Retry;
use crate::session::start::{SessionStart, explained};
use crate::session::{Session, SessionParts};
use crate::sink::Sink;
use checks::{check, live_targets};
use watch::{check_live, watch_drift};

/// Follows until it is asked to stop. A session that breaks, and one that could not begin because a
/// server is down, is begun again for as long as it takes.
///
/// # Errors
/// [`ErrorKind::Drift`] where the lock is not the one that an apply completed last, or where documents
/// may have missed changes; [`ErrorKind::Misconfigured`] where a server refuses us from the start.
pub async fn follow(backends: &dyn Backends, lock: Arc<Lock>, options: &RunOptions) -> Result<()> {
    match options.shutdown.within_grace(follow_again_and_again(backends, lock, options)).await {
        Some(ended) => ended,
        None => {
            options.progress.event(ProgressEvent::StoppedShort);
            Ok(())
        }
    }
}

async fn follow_again_and_again(
    backends: &dyn Backends,
    lock: Arc<Lock>,
    options: &RunOptions,
) -> Result<()> {
    let mut retry = Retry::endless(options);
    let mut run = Run { sink: None, is_ready: false };
    while let Err(error) = run.attempt(backends, &lock, options, &mut retry).await {
        if error.kind == ErrorKind::Misconfigured {
            // Its credentials were resolved when it was made, and may have been renewed since.
            run.sink = None;
        }
        match retry.after(error).await {
            Ok(()) => {}
            Err(error) if options.shutdown.is_requested() && retry.may_mend(&error) => return Ok(()),
            Err(error) => return Err(explained(error, backends, &lock, run.sink.as_ref(), options).await),
        }
    }
    Ok(())
}

/// What outlives a session.
struct Run {
    sink: Option<Arc<dyn Sink>>,
    /// Whether it was said that the run is ready: that is said once.
    is_ready: bool,
}

impl Run {
    async fn attempt(
        &mut self,
        backends: &dyn Backends,
        lock: &Arc<Lock>,
        options: &RunOptions,
        retry: &mut Retry,
    ) -> Result<()> {
        let sink = match &self.sink {
            Some(sink) => sink.clone(),
            None => self.sink.insert(backends.sink(lock, options).await?).clone(),
        };
        follow_once(backends, lock, &sink, options, retry, &mut self.is_ready).await
    }
}

async fn follow_once(
    backends: &dyn Backends,
    lock: &Arc<Lock>,
    sink: &Arc<dyn Sink>,
    options: &RunOptions,
    retry: &mut Retry,
    is_ready: &mut bool,
) -> Result<()> {
    let start = SessionStart::new(backends, lock, sink, options).await?;
    check(&start).await?;
    let mut stream = tokio::select! {
        stream = start.source.capture.stream(lock) => stream?,
        () = options.shutdown.requested() => return Ok(()),
    };
    retry.reached();
    // Only the holder of the slot may trust the state.
    for state in start.states.iter() {
        state.reload().await?;
    }
    check(&start).await?;
    settle_swaps(&start, lock).await?;
    let targets = live_targets(&start).await?;
    let pending = PendingComparisons::default();
    check_live(&start, &targets, &pending).await?;
    let confirmed = start.confirmed().await?;
    let parts = SessionParts {
        targets: targets.clone(),
        source: start.source.clone(),
        sink: sink.clone(),
        states: start.states.clone(),
        confirmed,
        options: options.clone(),
    };
    let (session, pipeline) = Session::begin(parts, &mut *stream, options.shutdown.clone()).await?;
    if !std::mem::replace(is_ready, true) {
        options.progress.event(ProgressEvent::Ready);
    }
    tokio::select! {
        ended = pipeline.run(stream) => ended,
        never = retry.observe(session.confirmed.clone()) => never,
        drifted = watch_drift(&start, &targets, &pending, options) => drifted,
        refuted = settle(&pending, &session) => refuted,
    }
}

/// Compares the listed generations, once the log is known to be the one followed before.
async fn settle(pending: &PendingComparisons, session: &Arc<Session>) -> Result<()> {
    session.wait_history().await?;
    pending.settle(session).await
}
