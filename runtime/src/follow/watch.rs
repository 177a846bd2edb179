//! Watching for drift while changes are followed: aliases, concrete indexes and the source's catalog.

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{GenerationState, StaleMark};

use crate::backends::RunOptions;
use crate::drift::{Compare, Fit, listed};
use crate::error::{Error, Result};
use crate::limits::DRIFT_INTERVAL;
use crate::ownership::alias_findings;
use crate::progress::ProgressEvent;
use crate::recovery::{DriftCause, IndexDrift};
use crate::session::comparison::{PendingComparison, PendingComparisons};
use crate::session::start::SessionStart;
use crate::session::state::{SinkState, of_sink};
use crate::session::{Targets, stale};
use crate::sink::Generation;

/// Indexes and catalog are what the live generations were made as and built under. What only updates the
/// record (a file node alone) is recorded, or it would count together with the next harmless change. What
/// has changed documents without a change of a row marks the generation; what may have is a rewrite.
pub(super) async fn check_live(
    start: &SessionStart,
    targets: &Targets,
    pending: &PendingComparisons,
) -> Result<()> {
    let mut stopped = Ok(());
    for target in targets.all() {
        let Some(state) = of_sink(&start.states, &target.generation.sink) else { continue };
        let Some(generation) = state.generation(&target.generation.name).await else { continue };
        match start.check_generation(&generation, Compare::All).await {
            Ok(Fit::Same) => {}
            Ok(Fit::Renewed(now)) => {
                state.update_generation(&generation.name, |document| document.catalog = now).await?;
            }
            Ok(Fit::NeedsComparison(rewrite)) => {
                pending.add(PendingComparison { target: target.clone(), rewrite })
            }
            Err(error) => {
                stopped = stopped.and(Err(mark_for(start, state, &generation, error).await?));
            }
        }
    }
    stopped
}

/// The error that stops the run, after the mark where the catalog may have changed documents.
async fn mark_for(
    start: &SessionStart,
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
    stale::mark(&start.states, &at, mark).await
}

/// Compares again and again; ends with what it found. What is wrong with aliases is only reported: the
/// documents stay true meanwhile, and only a person knows who moved them.
pub(super) async fn watch_drift(
    start: &SessionStart,
    targets: &Targets,
    pending: &PendingComparisons,
    options: &RunOptions,
) -> Result<()> {
    let mut said = Vec::new();
    loop {
        let found = alias_findings(start).await?;
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
        check_live(start, targets, pending).await?;
        start.check_states().await?;
    }
}
