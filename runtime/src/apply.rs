//! Makes the world match a lock: preflight, plan, provision, backfill beside the stream, verify, swap.

mod backfill;
mod join;
mod new_generation;
pub(crate) mod plan;
mod prepare;
pub(crate) mod swap;

use std::collections::BTreeSet;
use std::sync::Arc;

use flusso_schemas::lock::{Lock, edges_fingerprint, index_fingerprint, index_text};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::ApplyPlan;
use flusso_schemas::state::GenerationState;
use tokio::task::JoinHandle;

use crate::backends::{Backends, RunOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::ownership::check_aliases;
use crate::progress::{ProgressEvent, Shutdown};
use crate::recovery::{DriftCause, IndexDrift};
use crate::session::comparison::PendingComparison;
use crate::session::retry::Retry;
use crate::session::start::{SessionStart, explained};
use crate::session::state::SinkState;
use crate::session::verify::{Verified, Verify};
use crate::session::{Session, SessionParts, Target};
use crate::sink::{Generation, Sink};
use backfill::Backfill;
use join::{Joined, check_free_slot, join};
use plan::{plan_apply, refuse_unsupported};
use prepare::{preflight, renew_records, take_slot};
use swap::{Swap, check_catalogs};

/// Options of an apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// Options of every run.
    pub run: RunOptions,
    /// Show the plan and change nothing.
    pub dry_run: bool,
    /// Take aliases from indexes that were built from another database or cluster.
    pub accept_new_source: bool,
}

/// What an apply did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The plan it carried out, or would have under `dry_run`.
    pub plan: ApplyPlan,
    /// Documents written by backfills.
    pub documents: u64,
    /// Documents that verification found wrong and repaired.
    pub repaired: u64,
    /// Documents that changed too often to be compared.
    pub hot: u64,
    /// Sentences worth reading, such as replicas that can never start.
    pub remarks: Vec<String>,
}

/// Makes the world match a lock. Safe to run again at any step.
///
/// # Errors
/// Findings at deny, drift, an unsupported step (nothing was changed), a bound that ran out (run it
/// again), or a document that the index refuses; see [`ErrorKind`].
pub async fn apply(backends: &dyn Backends, lock: Arc<Lock>, options: &ApplyOptions) -> Result<Applied> {
    match options.run.shutdown.within_grace(apply_again_and_again(backends, lock, options)).await {
        Some(applied) => applied,
        None => {
            options.run.progress.event(ProgressEvent::StoppedShort);
            Err(stopped())
        }
    }
}

async fn apply_again_and_again(
    backends: &dyn Backends,
    lock: Arc<Lock>,
    options: &ApplyOptions,
) -> Result<Applied> {
    let mut retry = Retry::bounded(&options.run);
    let mut attempt = Attempt::default();
    let mut sink = None;
    while let Err(error) = attempt.run_with(backends, &lock, &mut sink, options, &mut retry).await {
        attempt.is_plan_new = attempt.may_rebuild(&error) && !options.run.shutdown.is_requested();
        if attempt.is_plan_new {
            continue;
        }
        if let Err(error) = retry.after(error).await {
            return Err(explained(error, backends, &lock, sink.as_ref(), &options.run).await);
        }
    }
    Ok(attempt.applied)
}

/// One attempt after the other, and what they did together.
struct Attempt {
    applied: Applied,
    /// Whether the plan differs from what was shown before.
    is_plan_new: bool,
    /// Generations that the last attempt filled.
    filled: BTreeSet<Generation>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self { applied: Applied::default(), is_plan_new: true, filled: BTreeSet::new() }
    }
}

impl Attempt {
    /// Whether another attempt builds what this one found to have lost a change: a generation that it went
    /// on with. What it was filling itself ends the apply, or one that loses a change each time would be
    /// built for ever.
    fn may_rebuild(&self, error: &Error) -> bool {
        match error.cause.as_deref() {
            Some(DriftCause::Index { generation, drift: IndexDrift::Stale { .. } }) => {
                !self.filled.iter().any(|filled| filled.name == *generation)
            }
            _ => false,
        }
    }

    /// An attempt with the sink of the one before, where that reached it.
    async fn run_with(
        &mut self,
        backends: &dyn Backends,
        lock: &Arc<Lock>,
        sink: &mut Option<Arc<dyn Sink>>,
        options: &ApplyOptions,
        retry: &mut Retry,
    ) -> Result<()> {
        let sink = match sink {
            Some(sink) => sink.clone(),
            None => sink.insert(backends.sink(lock, &options.run).await?).clone(),
        };
        self.run(backends, lock, &sink, options, retry).await
    }

    async fn run(
        &mut self,
        backends: &dyn Backends,
        lock: &Arc<Lock>,
        sink: &Arc<dyn Sink>,
        options: &ApplyOptions,
        retry: &mut Retry,
    ) -> Result<()> {
        let mut start = SessionStart::new(backends, lock, sink, &options.run).await?;
        start.accepts_new_source = options.accept_new_source;
        let plan = self.survey(&start, options).await?;
        if options.dry_run {
            return Ok(());
        }
        if options.run.shutdown.is_requested() {
            return Err(stopped());
        }
        let mut stream = take_slot(&start, &plan, options).await?;
        retry.reached();
        renew_records(&start, &plan).await?;
        failpoint::reach("records-renewed");
        let confirmed = start.confirmed().await?;
        let joined = join(&start, &plan, confirmed).await?;
        let filling = joined.filling.values().flatten().map(|target| target.generation.clone());
        self.filled = filling.collect();
        let stop = Shutdown::default();
        let SessionStart { source, sink, states, .. } = start;
        let options_of_run = options.run.clone();
        let parts = SessionParts {
            targets: joined.targets.clone(),
            source,
            sink,
            states,
            confirmed,
            options: options_of_run,
        };
        let (session, pipeline) = Session::begin(parts, &mut *stream, stop.clone()).await?;
        let mut following = tokio::spawn(pipeline.run(stream));
        let outcome = tokio::select! {
            ended = &mut following => return Err(ended_early(ended)),
            never = retry.observe(session.confirmed.clone()) => never,
            outcome = self.fill(&session, &joined, options) => outcome,
            () = options.run.shutdown.requested() => Err(stopped()),
        };
        self.end(&session, &plan, outcome, following, &stop).await
    }

    /// Everything that can be refused is refused here, before anything is changed: under `dry_run` too.
    async fn survey(&mut self, start: &SessionStart, options: &ApplyOptions) -> Result<ApplyPlan> {
        start.check_states().await?;
        check_aliases(start).await?;
        preflight(start, options).await?;
        if start.is_ready().await {
            start.check_slot().await?;
        } else {
            check_free_slot(start).await?;
        }
        let plan = plan_apply(start).await?;
        if std::mem::take(&mut self.is_plan_new) {
            options.run.progress.event(ProgressEvent::Plan(plan.clone()));
            self.applied.plan = plan.clone();
        }
        refuse_unsupported(&plan)?;
        Ok(plan)
    }

    /// Ends following gently after success or a request to stop, at once where something broke.
    async fn end(
        &mut self,
        session: &Session,
        plan: &ApplyPlan,
        outcome: Result<()>,
        following: JoinHandle<Result<()>>,
        stop: &Shutdown,
    ) -> Result<()> {
        if outcome.as_ref().is_err_and(|error| error.kind != ErrorKind::Stopped) {
            following.abort();
            // If following ended first, it has the cause; and only then is the slot free.
            return match following.await {
                Ok(Err(cause)) => Err(cause),
                _ => outcome,
            };
        }
        stop.request();
        match (outcome, following.await) {
            (Ok(()), Ok(Ok(()))) => complete(session, plan).await,
            (Err(error), _) => Err(error),
            (Ok(()), ended) => Err(ended_early(ended)),
        }
    }

    /// Gate, chunks, verification and swap of everything that is filling.
    async fn fill(&mut self, session: &Arc<Session>, joined: &Joined, options: &ApplyOptions) -> Result<()> {
        session.wait_history().await?;
        self.settle_doubts(session, joined).await?;
        if joined.filling.is_empty() {
            return Ok(());
        }
        step(options, "waiting for transactions that started earlier");
        session.source.capture.gate().await?;
        failpoint::reach("gate-passed");
        for (&index, targets) in &joined.filling {
            step(options, &format!("backfill `{}`", session.index(index).name));
            let backfill = Backfill {
                session: session.clone(),
                index,
                first_position: first_position(session, targets).await,
                targets: Arc::new(targets.clone()),
            };
            self.applied.documents += backfill.run().await?;
        }
        failpoint::reach("filled");
        for target in joined.filling.values().flatten() {
            let Some(state) = session.state_of(target) else { continue };
            step(options, &format!("verify `{}`", target.generation.name));
            let verified = match PendingComparison::of(session, target).await? {
                Some(doubtful) => doubtful.settle(session).await?,
                None => Verify { session: session.clone(), target: target.clone() }.run().await?,
            };
            self.count(verified);
            failpoint::reach("verified");
            self.finish(session, state, target, options).await?;
        }
        Ok(())
    }

    /// A resumed generation may have been rewritten since it was live: then every document is compared.
    async fn settle_doubts(&mut self, session: &Arc<Session>, joined: &Joined) -> Result<()> {
        let is_filling = |target: &Target| joined.filling.values().flatten().any(|filling| filling == target);
        for target in joined.targets.all().filter(|target| !is_filling(target)) {
            if let Some(doubtful) = PendingComparison::of(session, target).await? {
                self.count(doubtful.settle(session).await?);
            }
        }
        Ok(())
    }

    fn count(&mut self, verified: Verified) {
        self.applied.repaired += verified.repaired;
        self.applied.hot += verified.hot;
    }

    /// Own settings, everything searchable that had happened, and the alias moves.
    async fn finish(
        &mut self,
        session: &Session,
        state: &SinkState,
        target: &Target,
        options: &ApplyOptions,
    ) -> Result<()> {
        let index = session.index(target.index);
        let (sink, generation) = (session.writer.sink(), &target.generation);
        self.applied.remarks.extend(sink.finish_generation(generation, index).await?);
        failpoint::reach("finished");
        session.wait_passed().await?;
        sink.refresh(generation).await?;
        let alias = sink.alias_name(&generation.sink, index)?;
        step(options, &format!("swap alias `{alias}` to `{}`", generation.name));
        Swap { session, state, generation, index }.run().await
    }
}

/// The lock is the state's current one once everything is live; what is unchanged takes the new text.
async fn complete(session: &Session, plan: &ApplyPlan) -> Result<()> {
    let lock = &session.targets.plan;
    check_catalogs(session).await?;
    for state in session.states.iter() {
        for step in plan.steps.iter().filter(|step| step.sink == state.sink && step.action.goes_on()) {
            let index = lock.indexes.iter().find(|index| index.name == step.index);
            if let (Some(index), Some(name)) = (index, &step.generation)
                && state.generation(name).await.is_some()
            {
                let (text, fingerprint, edges) =
                    (index_text(index), index_fingerprint(index), edges_fingerprint(index));
                let renew = |document: &mut GenerationState| {
                    (document.plan, document.fingerprint, document.edges_fingerprint) =
                        (text, fingerprint, edges);
                };
                state.update_generation(name, renew).await?;
            }
        }
        let digest = lock.digest();
        state.update_project(|project| project.lock_digest = Some(digest)).await?;
        failpoint::reach("applied");
    }
    Ok(())
}

/// The position that the first chunk of these targets was begun under, the lowest where they differ.
async fn first_position(session: &Session, targets: &[Target]) -> Lsn {
    let mut first = session.confirmed.borrow().position;
    for target in targets {
        if let Some(state) = session.state_of(target) {
            let own = state.generation(&target.generation.name).await;
            first = own.map_or(first, |document| first.min(document.first_position));
        }
    }
    first
}

fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "stopped as asked, before the last swap")
        .with_help("run `flusso apply` again to resume")
}

fn step(options: &ApplyOptions, what: &str) {
    options.run.progress.event(ProgressEvent::Step(what.to_owned()));
}

fn ended_early(ended: Result<Result<()>, tokio::task::JoinError>) -> Error {
    match ended {
        Ok(Err(error)) => error,
        Ok(Ok(())) => Error::new(ErrorKind::Internal, "following ended unexpectedly"),
        Err(error) => Error::new(ErrorKind::Internal, "the task that follows ended").with_source(error),
    }
}
