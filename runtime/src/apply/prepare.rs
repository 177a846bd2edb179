//! What an apply does before it follows: preflight, then slot, publication and identities as the plan wants them.

use flusso_lints::words::errors_prevent;
use flusso_lints::{Exit, exit_of};
use flusso_schemas::report::{ApplyPlan, Finding, Level};

use super::{ApplyOptions, step, stopped};
use crate::apply::join::ensure_slot;
use crate::apply::plan::{is_same_work, plan_apply};
use crate::apply::swap::settle_swaps;
use crate::drift::{Compare, Fit};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::ownership::check_aliases;
use crate::progress::ProgressEvent;
use crate::session::start::SessionStart;
use crate::session::state::of_sink;
use crate::source::ChangeStream;

pub(super) async fn preflight(start: &SessionStart, options: &ApplyOptions) -> Result<()> {
    let mut findings = start.source.capture.preflight(&start.plan).await?;
    findings.extend(start.sink.preflight(&start.plan, None).await?);
    let judged = findings.into_iter().filter_map(|finding| start.plan.judge(finding));
    let (deny, other): (Vec<Finding>, Vec<Finding>) =
        judged.partition(|finding| finding.level == Level::Deny);
    other.into_iter().for_each(|finding| options.run.progress.event(ProgressEvent::Finding(finding)));
    if deny.is_empty() {
        return Ok(());
    }
    let is_drift = deny.iter().any(|finding| exit_of(finding) == Exit::Drift);
    let kind = if is_drift { ErrorKind::Drift } else { ErrorKind::Findings };
    Err(Error::new(kind, format!("{} the apply; nothing was changed", errors_prevent(deny.len())))
        .with_findings(deny))
}

/// The stream of the slot, and everything in the source as the plan wants it. Where there is a slot it is
/// acquired before anything is altered: its holder continues undisturbed, and an apply that ends before this
/// point has changed nothing. Only who holds the slot may believe the state, so the plan is made once more
/// then.
pub(super) async fn take_slot(
    start: &SessionStart,
    shown: &ApplyPlan,
    options: &ApplyOptions,
) -> Result<Box<dyn ChangeStream>> {
    let lock = &start.plan;
    let had_slot = start.is_ready().await;
    if !had_slot {
        provision(start, options).await?;
    }
    let stream = tokio::select! {
        stream = start.source.capture.stream(lock) => stream?,
        () = options.run.shutdown.requested() => return Err(stopped()),
    };
    failpoint::reach("slot-acquired");
    for state in start.states.iter() {
        state.reload().await?;
    }
    start.check_states().await?;
    start.check_slot().await?;
    check_aliases(start).await?;
    settle_swaps(start, lock).await?;
    if !is_same_work(&plan_apply(start).await?, shown) {
        let message = "the plan changed while apply waited for the slot; nothing was changed";
        return Err(Error::new(ErrorKind::Drift, message).with_help("run `flusso apply` again"));
    }
    if had_slot {
        provision(start, options).await?;
    }
    Ok(stream)
}

async fn provision(start: &SessionStart, options: &ApplyOptions) -> Result<()> {
    step(options, "provision");
    let provisioned = start.source.capture.provision(&start.plan).await?;
    failpoint::reach("provisioned");
    ensure_slot(start, provisioned.publication_oid).await
}

/// What apply itself altered (identities, the publication) enters the record of every generation that is
/// fed on, while the slot is held.
pub(super) async fn renew_records(start: &SessionStart, plan: &ApplyPlan) -> Result<()> {
    for step in plan.steps.iter().filter(|step| step.action.goes_on()) {
        let (Some(state), Some(name)) = (of_sink(&start.states, &step.sink), &step.generation) else {
            continue;
        };
        let Some(generation) = state.generation(name).await else { continue };
        let record = match start.check_generation(&generation, Compare::ButManaged).await? {
            Fit::Same => continue,
            Fit::Renewed(now) => now,
            Fit::NeedsComparison(rewrite) => rewrite.meanwhile,
        };
        state.update_generation(name, |document| document.catalog = record).await?;
    }
    Ok(())
}
