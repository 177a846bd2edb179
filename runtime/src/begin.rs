//! Beginning a generation, and removing what an earlier apply began and did not complete.
//!
//! Rule *join-order* of docs/correctness.md.

use flusso_schemas::lock::{IndexPlan, LOCK_VERSION, edges_fingerprint, index_fingerprint, index_text};
use flusso_schemas::state::{Confirmed, GenerationPhase, GenerationState};

use crate::error::Result;
use crate::failpoint;
use crate::opening::Opening;
use crate::ownership::mark;
use crate::planning::is_begun;
use crate::sink::Generation;
use crate::state::SinkState;

/// A generation that is to be made for an index in a sink.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    pub opening: &'a Opening,
    pub state: &'a SinkState,
    pub index: &'a IndexPlan,
}

impl Beginning<'_> {
    /// Makes it under a number that was never used, and lets it join: it is fed from the confirmed
    /// position on. It is recorded before it is created, so that whoever finds the concrete index knows
    /// whose it is.
    pub async fn run(self, confirmed: Confirmed) -> Result<String> {
        let Self { opening, state, index } = self;
        let name = self.next_name().await?;
        let generation = Generation { sink: state.sink.clone(), name: name.clone() };
        let mut document = self.document(&name, confirmed).await?;
        state.put_generation(document.clone()).await?;
        failpoint::reach("generation-recorded");
        let mark = mark(&opening.plan, &opening.identity, &index.name, &name);
        let identity = opening.sink.create_generation(&generation, index, &mark).await?;
        failpoint::reach("generation-created");
        document.phase = GenerationPhase::Filling;
        document.index_uuid = Some(identity.index_uuid);
        document.history_uuids = identity.history_uuids;
        state.put_generation(document).await?;
        failpoint::reach("generation-filling");
        state
            .update_project(|project| {
                project.fed.insert(name.clone(), confirmed.position);
            })
            .await?;
        Ok(name)
    }

    /// The next name; its number is used up in the state before anything has it.
    async fn next_name(self) -> Result<String> {
        let Self { opening, state, index } = self;
        let counted = state.project().await.and_then(|project| project.generations.get(&index.name).copied());
        let newest = opening.sink.newest_generation(&state.sink, index).await?;
        let number = newest.max(counted.unwrap_or(0)) + 1;
        state
            .update_project(|project| {
                project.generations.insert(index.name.clone(), number);
            })
            .await?;
        failpoint::reach("generation-counted");
        opening.sink.generation_name(&state.sink, index, number)
    }

    async fn document(self, name: &str, confirmed: Confirmed) -> Result<GenerationState> {
        let Self { opening, state, index } = self;
        Ok(GenerationState {
            name: name.to_owned(),
            index: index.name.clone(),
            sink: state.sink.clone(),
            plan: index_text(index),
            plan_version: LOCK_VERSION,
            fingerprint: index_fingerprint(index),
            edges_fingerprint: edges_fingerprint(index),
            phase: GenerationPhase::Creating,
            first_position: confirmed.position,
            read_from: None,
            ranges: Vec::new(),
            index_uuid: None,
            history_uuids: Vec::new(),
            settings: opening.sink.settings(&state.sink, index)?,
            catalog: opening.source.capture.catalog_record(index).await?,
            suspect_since: None,
            stale: None,
            nonce: String::new(),
        })
    }
}

/// Removes what earlier applies began for an index, but for the one that is gone on with.
pub async fn drop_begun(opening: &Opening, state: &SinkState, index: &str, but: Option<&str>) -> Result<()> {
    for old in state.generations().await {
        if old.index != index || but == Some(old.name.as_str()) {
            continue;
        }
        if old.phase == GenerationPhase::Creating {
            drop_creating(opening, state, &old).await?;
        } else if is_begun(&old) {
            drop_one(opening, state, &old).await?;
        }
    }
    Ok(())
}

/// An index that was being created, if it came to be at all, is ours only where its mark says so; one
/// of the same name that someone else made is left alone.
async fn drop_creating(opening: &Opening, state: &SinkState, old: &GenerationState) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: old.name.clone() };
    let ours = mark(&opening.plan, &opening.identity, &old.index, &old.name);
    let found = opening.sink.belongings(&generation).await?;
    let is_ours = |mark| mark == Some(ours);
    if found.is_some_and(|found| is_ours(found.ownership) && found.aliases.is_empty()) {
        opening.sink.drop_generation(&generation).await?;
    }
    state.remove_generation(&old.name).await
}

async fn drop_one(opening: &Opening, state: &SinkState, old: &GenerationState) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: old.name.clone() };
    // First it counts as one that missed changes: whoever finds it half dropped drops the rest.
    state.update_project(|project| project.fed.retain(|name, _| *name != old.name)).await?;
    opening.sink.drop_generation(&generation).await?;
    state.remove_generation(&old.name).await
}
