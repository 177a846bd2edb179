//! Rule *join-order*: how state, slot and generations come to be, each step durable before the next.

use std::collections::BTreeMap;

use flusso_schemas::lock::{IndexPlan, LOCK_VERSION, Lock, edges_fingerprint, index_fingerprint, index_text};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::{Action, ApplyPlan, IndexStep};
use flusso_schemas::state::{
    Confirmed, GenerationPhase, GenerationState, ProjectState, STATE_VERSION, SlotPhase,
};

use crate::error::{Error, ErrorKind, Result};
use crate::feed::{Feed, Feeds};
use crate::opening::Opening;
use crate::planning::{has_missed_nothing, sinks_of};
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

/// Every state says `creating` before the slot is made, so that a slot found then is known to be ours.
async fn make_slot(opening: &Opening, publication_oid: u32) -> Result<Confirmed> {
    let mut is_ours = opening.states.is_empty();
    for state in opening.states.iter() {
        if state.project().await.is_some() {
            is_ours = true;
            state.update_project(|project| project.publication_oid = publication_oid).await?;
        }
    }
    let capture = &opening.source.capture;
    if let Some(slot) = capture.slot().await? {
        let name = &opening.plan.source.slot;
        let foreign = |why: &str| Error::new(ErrorKind::Drift, format!("slot `{name}` exists, and {why}"));
        if let Err(why) = &slot.ours {
            return Err(foreign(why).with_help("set `source.postgres.slot` to a name that is free"));
        }
        if !is_ours {
            return Err(foreign("no state says that it is ours").with_help(format!(
                "drop it with `select pg_drop_replication_slot('{name}')` if nothing else reads it, then run `flusso apply`"
            )));
        }
        capture.drop_slot().await?;
    }
    create_missing(opening, publication_oid).await?;
    let position = capture.create_slot().await?;
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
        publication_oid,
        slot: opening.plan.source.slot.clone(),
        slot_phase: SlotPhase::Creating,
        lock_digest: None,
        epoch: 0,
        confirmed: None,
        fed: BTreeMap::new(),
        written_up_to: Lsn::ZERO,
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
    match (step.action, known) {
        (Action::Unchanged | Action::Resume, Some(known)) if has_missed_nothing(state, &known).await => {
            let is_filling = known.phase != GenerationPhase::Live;
            Ok((feed(known.name), is_filling))
        }
        _ => Ok((feed(begin_anew(opening, state, index, confirmed).await?), true)),
    }
}

/// A generation under a number that was never used, recorded and fed from the confirmed position on. What
/// was half done before is dropped.
async fn begin_anew(
    opening: &Opening,
    state: &SinkState,
    index: &IndexPlan,
    confirmed: Confirmed,
) -> Result<String> {
    for old in state.generations().await {
        if old.index == index.name
            && matches!(old.phase, GenerationPhase::Filling | GenerationPhase::Swapping)
        {
            let generation = Generation { sink: state.sink.clone(), name: old.name.clone() };
            // First it counts as one that missed changes: whoever finds it half dropped drops the rest.
            state.update_project(|project| project.fed.retain(|name, _| *name != old.name)).await?;
            opening.sink.drop_generation(&generation).await?;
            state.remove_generation(&old.name).await?;
        }
    }
    let counted = state.project().await.and_then(|project| project.generations.get(&index.name).copied());
    let number = opening.sink.newest_generation(&state.sink, index).await?.max(counted.unwrap_or(0)) + 1;
    state
        .update_project(|project| {
            project.generations.insert(index.name.clone(), number);
        })
        .await?;
    let name = opening.sink.generation_name(&state.sink, index, number)?;
    let generation = Generation { sink: state.sink.clone(), name: name.clone() };
    let catalog = opening.source.capture.catalog_record(index).await?;
    let identity = opening.sink.create_generation(&generation, index).await?;
    state
        .put_generation(GenerationState {
            name: name.clone(),
            index: index.name.clone(),
            sink: state.sink.clone(),
            plan: index_text(index),
            plan_version: LOCK_VERSION,
            fingerprint: index_fingerprint(index),
            edges_fingerprint: edges_fingerprint(index),
            phase: GenerationPhase::Filling,
            first_position: confirmed.position,
            ranges: Vec::new(),
            index_uuid: Some(identity.index_uuid),
            history_uuids: identity.history_uuids,
            settings: BTreeMap::new(),
            catalog,
            suspect_since: None,
            stale: None,
            nonce: String::new(),
        })
        .await?;
    state
        .update_project(|project| {
            project.fed.insert(name.clone(), confirmed.position);
        })
        .await?;
    Ok(name)
}

/// A `swapping` generation asks the alias which is true: live where the alias points to it, else filling.
pub async fn settle_swaps(opening: &Opening, plan: &Lock) -> Result<()> {
    for state in opening.states.iter() {
        for generation in state.generations().await {
            let Some(index) = plan.indexes.iter().find(|index| index.name == generation.index) else {
                continue;
            };
            if generation.phase == GenerationPhase::Swapping {
                let targets = opening.sink.alias_targets(&state.sink, index).await?;
                match targets.contains(&generation.name) {
                    true => go_live(state, &generation.name, &index.name).await?,
                    false => set_phase(state, &generation.name, GenerationPhase::Filling).await?,
                }
            }
        }
    }
    Ok(())
}

/// The alias points to a generation: what was live before is kept, which is written first.
pub async fn go_live(state: &SinkState, name: &str, index: &str) -> Result<()> {
    for other in state.generations().await {
        if other.index == index && other.name != name && other.phase == GenerationPhase::Live {
            set_phase(state, &other.name, GenerationPhase::Kept).await?;
        }
    }
    set_phase(state, name, GenerationPhase::Live).await
}

async fn set_phase(state: &SinkState, name: &str, phase: GenerationPhase) -> Result<()> {
    state.update_generation(name, |document| document.phase = phase).await
}
