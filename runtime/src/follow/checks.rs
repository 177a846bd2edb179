//! Conditions of following: the very lock was applied, the source is the same, and every index has a live
//! generation that missed nothing.
//!
//! Rule *start-up* of docs/correctness.md.

use flusso_schemas::lock::IndexPlan;
use flusso_schemas::report::ApplyPlan;
use flusso_schemas::state::{GenerationPhase, GenerationState};

use crate::apply::plan::{refuse_unsupported, retired};
use crate::error::{Error, ErrorKind, Result};
use crate::recovery::{DriftCause, IndexDrift};
use crate::session::start::SessionStart;
use crate::session::state::{SinkState, of_sink};
use crate::session::{Target, Targets};
use crate::sink::{Generation, sinks_of};

/// Checks everything that has to match before anything is written; a difference that explains others comes first.
pub(super) async fn check(start: &SessionStart) -> Result<()> {
    start.check_origin().await?;
    check_lock(start).await?;
    start.check_states().await?;
    start.check_slot().await
}

/// A state that says: this very lock was applied.
async fn check_lock(start: &SessionStart) -> Result<()> {
    let ours = start.plan.digest();
    for state in start.states.iter() {
        let applied = state.project().await.and_then(|project| project.lock_digest);
        let message = match applied {
            Some(digest) if digest == ours => continue,
            Some(digest) => {
                // Apply would refuse these steps too, so it is not suggested.
                let steps = retired(start, state).await;
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
pub(super) async fn live_targets(start: &SessionStart) -> Result<Targets> {
    let mut targets = Vec::new();
    for (position, index) in start.plan.indexes.iter().enumerate() {
        for sink in sinks_of(index) {
            let name = match of_sink(&start.states, &sink) {
                Some(state) => live_generation(state, index).await?.name,
                None => index.name.clone(),
            };
            targets.push(Target { index: position, generation: Generation { sink, name } });
        }
    }
    Ok(Targets::new(start.plan.clone(), targets))
}

async fn live_generation(state: &SinkState, index: &IndexPlan) -> Result<GenerationState> {
    let is_live = |own: &GenerationState| own.index == index.name && own.phase == GenerationPhase::Live;
    let missing = || {
        let message = format!("index `{}` is not live in sink `{}`", index.name, state.sink);
        Error::new(ErrorKind::Drift, message).with_help("run `flusso apply`")
    };
    let live = state.generations().await.into_iter().find(is_live).ok_or_else(missing)?;
    // A mark is judged with its reason, by the check of the generation.
    if live.stale.is_some() || state.has_missed_nothing(&live).await {
        return Ok(live);
    }
    let help = format!("run `flusso apply`: it builds another index for `{}` beside it", index.name);
    Err(DriftCause::Index { generation: live.name, drift: IndexDrift::MissedChanges }.error().with_help(help))
}
