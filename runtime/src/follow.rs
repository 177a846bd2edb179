//! Keeps the world as an apply left it: follows the stream until it is asked to stop.
//!
//! Rule *start-up* of docs/correctness.md.

use std::sync::Arc;

use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::ApplyPlan;
use flusso_schemas::state::{GenerationPhase, GenerationState, StaleMark};

use crate::backends::{Backends, RunOptions};
use crate::bounds::DRIFT_INTERVAL;
use crate::diagnosis::explained;
use crate::doubts::{Doubtful, Doubts};
use crate::drift::{Compare, listed};
use crate::error::{Error, ErrorKind, Result};
use crate::feed::{Feed, Feeds};
use crate::fit::Fit;
use crate::opening::Opening;
use crate::ownership::alias_findings;
use crate::planning::{has_missed_nothing, refuse_unsupported, retired, sinks_of};
use crate::progress::ProgressEvent;
use crate::recovery::{DriftCause, IndexDrift};
use crate::retry::Retry;
use crate::session::{Session, Start};
use crate::sink::{Generation, Sink};
use crate::stale;
use crate::state::{SinkState, of_sink};
use crate::swap::settle_swaps;

/// Follows until it is asked to stop. A session that breaks, and one that could not begin because a
/// server is down, is begun again for as long as it takes.
///
/// # Errors
/// [`ErrorKind::Drift`] where the lock is not the one that an apply completed last, or where documents
/// may have missed changes; [`ErrorKind::Misconfigured`] where a server refuses us from the start.
pub async fn follow(backends: &dyn Backends, lock: Arc<Lock>, options: &RunOptions) -> Result<()> {
    match options.shutdown.bounds(follow_again_and_again(backends, lock, options)).await {
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
    let opening = Opening::new(backends, lock, sink, options).await?;
    check(&opening).await?;
    let mut stream = tokio::select! {
        stream = opening.source.capture.stream(lock) => stream?,
        () = options.shutdown.requested() => return Ok(()),
    };
    retry.reached();
    // Only who holds the slot may believe the state.
    for state in opening.states.iter() {
        state.reload().await?;
    }
    check(&opening).await?;
    settle_swaps(&opening, lock).await?;
    let feeds = live_feeds(&opening).await?;
    let doubts = Doubts::default();
    check_live(&opening, &feeds, &doubts).await?;
    let confirmed = opening.confirmed().await?;
    let start = Start {
        feeds: feeds.clone(),
        source: opening.source.clone(),
        sink: sink.clone(),
        states: opening.states.clone(),
        confirmed,
        options: options.clone(),
    };
    let (session, pipeline) = Session::begin(start, &mut *stream, options.shutdown.clone()).await?;
    if !std::mem::replace(is_ready, true) {
        options.progress.event(ProgressEvent::Ready);
    }
    tokio::select! {
        ended = pipeline.run(stream) => ended,
        never = retry.observe(session.confirmed.clone()) => never,
        drifted = watch_drift(&opening, &feeds, &doubts, options) => drifted,
        refuted = settle(&doubts, &session) => refuted,
    }
}

/// Compares what is in doubt, once the log is known to be the one that was followed.
async fn settle(doubts: &Doubts, session: &Arc<Session>) -> Result<()> {
    session.wait_history().await?;
    doubts.settle(session).await
}

/// Everything that has to fit before anything is written, what explains the rest first.
async fn check(opening: &Opening) -> Result<()> {
    opening.check_origin().await?;
    check_lock(opening).await?;
    opening.check_states().await?;
    opening.check_slot().await
}

/// A state that says: this very lock was applied.
async fn check_lock(opening: &Opening) -> Result<()> {
    let ours = opening.plan.digest();
    for state in opening.states.iter() {
        let applied = state.project().await.and_then(|project| project.lock_digest);
        let message = match applied {
            Some(digest) if digest == ours => continue,
            Some(digest) => {
                // What apply would refuse is not named as the way on.
                let steps = retired(opening, state).await;
                refuse_unsupported(&ApplyPlan { steps, ..ApplyPlan::default() })?;
                format!(
                    "this lock ({ours}) is not the one that was applied to sink `{}` ({digest})",
                    state.sink
                )
            }
            None => format!("no apply has been completed in sink `{}`", state.sink),
        };
        return Err(Error::new(ErrorKind::Drift, message).with_help("run `flusso apply`"));
    }
    Ok(())
}

/// The live generation of every index in every one of its sinks.
async fn live_feeds(opening: &Opening) -> Result<Feeds> {
    let mut feeds = Vec::new();
    for (position, index) in opening.plan.indexes.iter().enumerate() {
        for sink in sinks_of(index) {
            let name = match of_sink(&opening.states, &sink) {
                Some(state) => live_generation(state, index).await?.name,
                None => index.name.clone(),
            };
            feeds.push(Feed { index: position, generation: Generation { sink, name } });
        }
    }
    Ok(Feeds::new(opening.plan.clone(), feeds))
}

async fn live_generation(state: &SinkState, index: &IndexPlan) -> Result<GenerationState> {
    let is_live = |own: &GenerationState| own.index == index.name && own.phase == GenerationPhase::Live;
    let missing = || {
        let message = format!("index `{}` is not live in sink `{}`", index.name, state.sink);
        Error::new(ErrorKind::Drift, message).with_help("run `flusso apply`")
    };
    let live = state.generations().await.into_iter().find(is_live).ok_or_else(missing)?;
    // A mark is judged with its reason, by the check of the generation.
    if live.stale.is_some() || has_missed_nothing(state, &live).await {
        return Ok(live);
    }
    let help = format!("run `flusso apply`: it builds another index for `{}` beside it", index.name);
    Err(DriftCause::Index { generation: live.name, drift: IndexDrift::MissedChanges }.error().with_help(help))
}

/// Indexes and catalog are what the live generations were made as and built under. What only updates the
/// record (a file node alone) is recorded, or it would count together with the next harmless change. What
/// has changed documents without a change of a row marks the generation; what may have is a doubt.
async fn check_live(opening: &Opening, feeds: &Feeds, doubts: &Doubts) -> Result<()> {
    let mut stopped = Ok(());
    for feed in feeds.all() {
        let Some(state) = of_sink(&opening.states, &feed.generation.sink) else { continue };
        let Some(generation) = state.generation(&feed.generation.name).await else { continue };
        match opening.check_generation(&generation, Compare::All).await {
            Ok(Fit::Same) => {}
            Ok(Fit::Renewed(now)) => {
                state.update_generation(&generation.name, |document| document.catalog = now).await?;
            }
            Ok(Fit::Doubtful(doubt)) => doubts.add(Doubtful { feed: feed.clone(), doubt }),
            Err(error) => {
                stopped = stopped.and(Err(mark_for(opening, state, &generation, error).await?));
            }
        }
    }
    stopped
}

/// The error that stops the run, after the mark where the catalog may have changed documents.
async fn mark_for(
    opening: &Opening,
    state: &SinkState,
    generation: &GenerationState,
    error: Error,
) -> Result<Error> {
    let Some(DriftCause::Index { drift: IndexDrift::CatalogChanged { differences }, .. }) =
        error.cause.as_deref()
    else {
        return Ok(error);
    };
    let Some(lasting) = differences.iter().find(|found| !found.cause.is_reversible()) else {
        return Ok(error);
    };
    let confirmed = state.project().await.and_then(|project| project.confirmed);
    let mark = StaleMark {
        since: confirmed.map_or(Lsn::ZERO, |confirmed| confirmed.position),
        cause: lasting.cause,
        reason: listed(differences),
    };
    let at = Generation { sink: state.sink.clone(), name: generation.name.clone() };
    stale::mark(&opening.states, &at, mark).await
}

/// Compares again and again; ends with what it found. What is wrong with aliases is only reported: the
/// documents stay true meanwhile, and only a person knows who moved them.
async fn watch_drift(opening: &Opening, feeds: &Feeds, doubts: &Doubts, options: &RunOptions) -> Result<()> {
    let mut said = Vec::new();
    loop {
        let found = alias_findings(opening).await?;
        if found != said {
            if found.is_empty() {
                options
                    .progress
                    .event(ProgressEvent::Step("every alias points to its index again".to_owned()));
            }
            found.iter().cloned().for_each(|finding| options.progress.event(ProgressEvent::Finding(finding)));
            said = found;
        }
        tokio::time::sleep(DRIFT_INTERVAL).await;
        check_live(opening, feeds, doubts).await?;
        opening.check_states().await?;
    }
}
