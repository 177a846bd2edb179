//! Rule *join-order*: how state, slot and generations come to be, each step durable before the next.

use std::collections::BTreeMap;

use flusso_schemas::lock::IndexPlan;
use flusso_schemas::report::{Action, ApplyPlan, IndexStep};
use flusso_schemas::state::{
    Confirmed, GenerationPhase, GenerationState, ProjectState, STATE_VERSION, SlotPhase,
};

use crate::begin::{Beginning, drop_begun};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::feed::{Feed, Feeds};
use crate::opening::Opening;
use crate::ownership::mark;
use crate::planning::sinks_of;
use crate::recovery::DriftCause;
use crate::sink::Generation;
use crate::state::{SinkState, of_sink};

/// Makes the states that are missing, and the slot where no state has one that is ready. Publication
/// and identities are committed before this.
pub async fn ensure_slot(opening: &Opening, publication_oid: u32) -> Result<()> {
    let confirmed = match ready_position(opening).await {
        Some(confirmed) => confirmed,
        None => make_slot(opening, publication_oid).await?,
    };
    create_missing(opening, publication_oid).await?;
    for state in opening.states.iter() {
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
async fn ready_position(opening: &Opening) -> Option<Confirmed> {
    for state in opening.states.iter() {
        if let Some(project) = state.project().await
            && project.slot_phase == SlotPhase::Ready
        {
            return project.confirmed;
        }
    }
    None
}

/// An error where there is a slot that no state says is ours.
pub async fn check_free_slot(opening: &Opening) -> Result<()> {
    let mut is_ours = opening.states.is_empty();
    for state in opening.states.iter() {
        is_ours |= state.project().await.is_some();
    }
    let Some(slot) = opening.source.capture.slot().await? else { return Ok(()) };
    let name = &opening.plan.source.slot;
    if let Some(cause) = slot.not_ours(name, &opening.identity.database) {
        return Err(cause.error());
    }
    if is_ours {
        return Ok(());
    }
    Err(DriftCause::SlotUnclaimed { slot: name.clone() }.error())
}

/// Every state says `creating` before the slot is made, so that a slot found then is known to be ours.
async fn make_slot(opening: &Opening, publication_oid: u32) -> Result<Confirmed> {
    check_free_slot(opening).await?;
    for state in opening.states.iter() {
        if state.project().await.is_some() {
            state.update_project(|project| project.publication_oid = publication_oid).await?;
        }
    }
    let capture = &opening.source.capture;
    if capture.slot().await?.is_some() {
        capture.drop_slot().await?;
    }
    create_missing(opening, publication_oid).await?;
    let position = capture.create_slot().await?;
    failpoint::reach("slot-created");
    Ok(Confirmed { position, transaction_end: None, xid: None, commit_time_us: None })
}

/// Makes the state of every sink that has none yet; its slot counts as not there.
async fn create_missing(opening: &Opening, publication_oid: u32) -> Result<()> {
    for state in opening.states.iter() {
        if state.project().await.is_none() {
            state.create(fresh_project(opening, publication_oid)).await?;
        }
    }
    Ok(())
}

fn fresh_project(opening: &Opening, publication_oid: u32) -> ProjectState {
    ProjectState {
        state_version: STATE_VERSION,
        project: opening.plan.project.clone(),
        system_identifier: opening.identity.system_identifier.clone(),
        timeline: opening.identity.timeline,
        database: opening.identity.database.clone(),
        database_oid: opening.identity.database_oid,
        publication_oid,
        slot: opening.plan.source.slot.clone(),
        slot_phase: SlotPhase::Creating,
        lock_digest: None,
        epoch: 0,
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
pub struct Joined {
    /// Everything that is fed.
    pub feeds: Feeds,
    /// The feeds to fill, by index.
    pub filling: BTreeMap<usize, Vec<Feed>>,
}

/// Carries out the plan's steps: generations are made or gone on with, and join the batches. The stream
/// is acquired and nothing of it consumed.
pub async fn join(opening: &Opening, plan: &ApplyPlan, confirmed: Confirmed) -> Result<Joined> {
    let mut feeds = Vec::new();
    let mut filling: BTreeMap<usize, Vec<Feed>> = BTreeMap::new();
    for (position, index) in opening.plan.indexes.iter().enumerate() {
        for sink in sinks_of(index) {
            let step = step_for(plan, index, &sink)?;
            let (feed, is_filling) = join_one(opening, step, position, index, confirmed).await?;
            if is_filling {
                filling.entry(position).or_default().push(feed.clone());
            }
            feeds.push(feed);
        }
    }
    for step in plan.steps.iter().filter(|step| step.action == Action::Drop) {
        if let Some(state) = of_sink(&opening.states, &step.sink) {
            drop_begun(opening, state, &step.index, None).await?;
        }
    }
    // Stdout beside other sinks receives what is written to them: it alone gives no reason to fill.
    let keeps_state = |feed: &Feed| of_sink(&opening.states, &feed.generation.sink).is_some();
    filling.retain(|_, feeds| opening.states.is_empty() || feeds.iter().any(keeps_state));
    Ok(Joined { feeds: Feeds::new(opening.plan.clone(), feeds), filling })
}

fn step_for<'a>(plan: &'a ApplyPlan, index: &IndexPlan, sink: &str) -> Result<&'a IndexStep> {
    let own = |step: &&IndexStep| step.index == index.name && step.sink == sink;
    let missing = || Error::new(ErrorKind::Internal, format!("the plan has no step for `{}`", index.name));
    plan.steps.iter().find(own).ok_or_else(missing)
}

async fn join_one(
    opening: &Opening,
    step: &IndexStep,
    position: usize,
    index: &IndexPlan,
    confirmed: Confirmed,
) -> Result<(Feed, bool)> {
    let feed =
        |name: String| Feed { index: position, generation: Generation { sink: step.sink.clone(), name } };
    let Some(state) = of_sink(&opening.states, &step.sink) else {
        return Ok((feed(index.name.clone()), true));
    };
    let known = match &step.generation {
        Some(name) => state.generation(name).await,
        None => None,
    };
    match known.filter(|_| step.action.goes_on()) {
        Some(known) => {
            drop_begun(opening, state, &index.name, Some(&known.name)).await?;
            put_back(opening, state, step, index, &known).await?;
            let is_filling = known.phase != GenerationPhase::Live;
            Ok((feed(known.name), is_filling))
        }
        None => {
            drop_begun(opening, state, &index.name, None).await?;
            let name = Beginning { opening, state, index }.run(confirmed).await?;
            failpoint::reach("generation-joined");
            Ok((feed(name), true))
        }
    }
}

/// Alias, write alias and mark of a generation that is gone on with, where someone removed them.
async fn put_back(
    opening: &Opening,
    state: &SinkState,
    step: &IndexStep,
    index: &IndexPlan,
    known: &GenerationState,
) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: known.name.clone() };
    let mark = mark(&opening.plan, &opening.identity, &index.name, &known.name);
    opening.sink.restore_belongings(&generation, &mark).await?;
    if step.action == Action::Alias {
        opening.sink.swap(&generation, index, &[]).await?;
    }
    set_settings(opening, state, index, known).await
}

/// Dynamic settings that are not as an apply set them last.
async fn set_settings(
    opening: &Opening,
    state: &SinkState,
    index: &IndexPlan,
    known: &GenerationState,
) -> Result<()> {
    let wanted = opening.sink.settings(&state.sink, index)?;
    if known.settings == wanted {
        return Ok(());
    }
    let removed = known.settings.keys().filter(|name| !wanted.contains_key(*name));
    let mut changes: BTreeMap<String, Option<String>> = removed.map(|name| (name.clone(), None)).collect();
    let differs = |(name, value): &(&String, &String)| known.settings.get(*name) != Some(*value);
    changes.extend(wanted.iter().filter(differs).map(|(name, value)| (name.clone(), Some(value.clone()))));
    let generation = Generation { sink: state.sink.clone(), name: known.name.clone() };
    opening.sink.set_settings(&generation, &changes).await?;
    state.update_generation(&known.name, |document| document.settings = wanted).await
}
