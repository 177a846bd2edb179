//! Rule *join-order*: how state, slot and generations come to be, each step durable before the next.

use std::collections::BTreeMap;

use flusso_schemas::lock::{IndexPlan, Manage};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::{Action, ApplyPlan, IndexStep};
use flusso_schemas::state::{
    Confirmed, GenerationPhase, GenerationState, ProjectState, STATE_VERSION, SlotPhase,
};

use crate::apply::new_generation::{Beginning, drop_begun};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::ownership::mark;
use crate::recovery::DriftCause;
use crate::session::start::SessionStart;
use crate::session::state::{SinkState, of_sink};
use crate::session::{Target, Targets};
use crate::sink::{Generation, sinks_of};

/// Makes the states that are missing, and the slot where no state has one that is ready. Publication
/// and identities are committed before this.
pub(super) async fn ensure_slot(start: &SessionStart, publication_oid: u32) -> Result<()> {
    let confirmed = match ready_position(start).await {
        Some(confirmed) => confirmed,
        None => make_slot(start, publication_oid).await?,
    };
    create_missing(start, publication_oid).await?;
    for state in start.states.iter() {
        if state.project().await.is_some_and(|project| project.slot_phase == SlotPhase::Creating) {
            state
                .update_project(|project| {
                    project.slot_phase = SlotPhase::Ready;
                    project.confirmed = Some(confirmed);
                })
                .await?;
            failpoint::reach("slot-ready");
        }
    }
    Ok(())
}

/// The confirmed position of a state whose slot is ready.
async fn ready_position(start: &SessionStart) -> Option<Confirmed> {
    for state in start.states.iter() {
        if let Some(project) = state.project().await
            && project.slot_phase == SlotPhase::Ready
        {
            return project.confirmed;
        }
    }
    None
}

/// An error where there is a slot that no state says is ours.
pub(super) async fn check_free_slot(start: &SessionStart) -> Result<()> {
    let mut is_ours = start.states.is_empty();
    for state in start.states.iter() {
        is_ours |= state.project().await.is_some();
    }
    let Some(slot) = start.source.capture.slot().await? else { return Ok(()) };
    let name = &start.plan.source.slot;
    if let Some(cause) = slot.not_ours(name, &start.identity.database) {
        return Err(cause.error());
    }
    if is_ours || !manages_slot(start) {
        return Ok(());
    }
    Err(DriftCause::SlotUnclaimed { slot: name.clone() }.error())
}

/// Every state says `creating` before the slot is made, so that a slot found then is known to be ours.
async fn make_slot(start: &SessionStart, publication_oid: u32) -> Result<Confirmed> {
    check_free_slot(start).await?;
    for state in start.states.iter() {
        if state.project().await.is_some() {
            state.update_project(|project| project.publication_oid = publication_oid).await?;
        }
    }
    let position = if manages_slot(start) {
        create_slot(start, publication_oid).await?
    } else {
        let position = adopt_slot(start).await?;
        create_missing(start, publication_oid).await?;
        position
    };
    Ok(Confirmed { position, transaction_end: None, xid: None, commit_time_us: None })
}

fn manages_slot(start: &SessionStart) -> bool {
    start.plan.source.manage.contains(&Manage::Slot)
}

async fn create_slot(start: &SessionStart, publication_oid: u32) -> Result<Lsn> {
    let capture = &start.source.capture;
    if capture.slot().await?.is_some() {
        capture.drop_slot().await?;
    }
    create_missing(start, publication_oid).await?;
    let position = capture.create_slot().await?;
    failpoint::reach("slot-created");
    Ok(position)
}

/// Takes over the slot that somebody made for this project, because `manage` leaves it out. Its position is that
/// of a slot that was just made: what is sent again from there on was committed before any row is read, so that
/// documents built from it only get the same content.
async fn adopt_slot(start: &SessionStart) -> Result<Lsn> {
    let name = &start.plan.source.slot;
    let slot = start.source.capture.slot().await?;
    let position = slot.filter(|slot| !slot.lost).and_then(|slot| slot.confirmed);
    position.ok_or_else(|| DriftCause::SlotGone { slot: name.clone() }.error())
}

/// Makes the state of every sink that has none yet; its slot counts as not there.
async fn create_missing(start: &SessionStart, publication_oid: u32) -> Result<()> {
    for state in start.states.iter() {
        if state.project().await.is_none() {
            state.create(fresh_project(start, publication_oid)).await?;
        }
    }
    Ok(())
}

fn fresh_project(start: &SessionStart, publication_oid: u32) -> ProjectState {
    ProjectState {
        state_version: STATE_VERSION,
        project: start.plan.project.clone(),
        system_identifier: start.identity.system_identifier.clone(),
        timeline: start.identity.timeline,
        database: start.identity.database.clone(),
        database_oid: start.identity.database_oid,
        publication_oid,
        slot: start.plan.source.slot.clone(),
        slot_phase: SlotPhase::Creating,
        lock_digest: None,
        confirmed: None,
        picked: None,
        fed: BTreeMap::new(),
        written: None,
        generations: BTreeMap::new(),
        nonce: String::new(),
    }
}

/// What is fed from now on, and which of it is still to be filled.
#[derive(Debug)]
pub(super) struct Joined {
    /// Everything that is fed.
    pub targets: Targets,
    /// The targets to fill, by index.
    pub filling: BTreeMap<usize, Vec<Target>>,
}

/// Carries out the plan's steps: generations are made or gone on with, and join the batches. The stream
/// is acquired and nothing of it consumed.
pub(super) async fn join(start: &SessionStart, plan: &ApplyPlan, confirmed: Confirmed) -> Result<Joined> {
    let mut targets = Vec::new();
    let mut filling: BTreeMap<usize, Vec<Target>> = BTreeMap::new();
    for (position, index) in start.plan.indexes.iter().enumerate() {
        for sink in sinks_of(index) {
            let step = step_for(plan, index, &sink)?;
            let (target, is_filling) = join_one(start, step, position, index, confirmed).await?;
            if is_filling {
                filling.entry(position).or_default().push(target.clone());
            }
            targets.push(target);
        }
    }
    for step in plan.steps.iter().filter(|step| step.action == Action::Drop) {
        if let Some(state) = of_sink(&start.states, &step.sink) {
            drop_begun(start, state, &step.index, None).await?;
        }
    }
    // Stdout beside other sinks receives what they receive: it is no reason to fill by itself.
    let keeps_state = |target: &Target| of_sink(&start.states, &target.generation.sink).is_some();
    filling.retain(|_, targets| start.states.is_empty() || targets.iter().any(keeps_state));
    Ok(Joined { targets: Targets::new(start.plan.clone(), targets), filling })
}

fn step_for<'a>(plan: &'a ApplyPlan, index: &IndexPlan, sink: &str) -> Result<&'a IndexStep> {
    let own = |step: &&IndexStep| step.index == index.name && step.sink == sink;
    let missing = || Error::new(ErrorKind::Internal, format!("the plan has no step for `{}`", index.name));
    plan.steps.iter().find(own).ok_or_else(missing)
}

async fn join_one(
    start: &SessionStart,
    step: &IndexStep,
    position: usize,
    index: &IndexPlan,
    confirmed: Confirmed,
) -> Result<(Target, bool)> {
    let target =
        |name: String| Target { index: position, generation: Generation { sink: step.sink.clone(), name } };
    let Some(state) = of_sink(&start.states, &step.sink) else {
        return Ok((target(index.name.clone()), true));
    };
    let known = match &step.generation {
        Some(name) => state.generation(name).await,
        None => None,
    };
    match known.filter(|_| step.action.goes_on()) {
        Some(known) => {
            drop_begun(start, state, &index.name, Some(&known.name)).await?;
            restore_alias(start, state, step, index, &known).await?;
            let is_filling = known.phase != GenerationPhase::Live;
            Ok((target(known.name), is_filling))
        }
        None => {
            drop_begun(start, state, &index.name, None).await?;
            let name = Beginning { start, state, index }.run(confirmed).await?;
            failpoint::reach("generation-joined");
            Ok((target(name), true))
        }
    }
}

/// Alias, write alias and mark of a generation that is gone on with, where someone removed them.
async fn restore_alias(
    start: &SessionStart,
    state: &SinkState,
    step: &IndexStep,
    index: &IndexPlan,
    known: &GenerationState,
) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: known.name.clone() };
    let mark = mark(&start.plan, &start.identity, &index.name, &known.name);
    start.sink.restore_belongings(&generation, &mark).await?;
    if step.action == Action::Alias {
        start.sink.swap(&generation, index, &[]).await?;
    }
    set_settings(start, state, index, known).await
}

/// Dynamic settings that are not as an apply set them last.
async fn set_settings(
    start: &SessionStart,
    state: &SinkState,
    index: &IndexPlan,
    known: &GenerationState,
) -> Result<()> {
    let wanted = start.sink.settings(&state.sink, index)?;
    if known.settings == wanted {
        return Ok(());
    }
    let removed = known.settings.keys().filter(|name| !wanted.contains_key(*name));
    let mut changes: BTreeMap<String, Option<String>> = removed.map(|name| (name.clone(), None)).collect();
    let differs = |(name, value): &(&String, &String)| known.settings.get(*name) != Some(*value);
    changes.extend(wanted.iter().filter(differs).map(|(name, value)| (name.clone(), Some(value.clone()))));
    let generation = Generation { sink: state.sink.clone(), name: known.name.clone() };
    start.sink.set_settings(&generation, &changes).await?;
    state.update_generation(&known.name, |document| document.settings = wanted).await
}
