//! Beginning a generation, and removing what an earlier apply began and did not complete.
//!
//! Rule *join-order* of docs/correctness.md.

use flusso_schemas::lock::{IndexPlan, LOCK_VERSION, edges_fingerprint, index_fingerprint, index_text};
use flusso_schemas::state::{Confirmed, GenerationPhase, GenerationState};

use crate::apply::plan::is_begun;
use crate::error::Result;
use crate::failpoint;
use crate::ownership::mark;
use crate::session::start::SessionStart;
use crate::session::state::SinkState;
use crate::sink::Generation;

/// A generation that is to be made for an index in a sink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning<'a> {
    pub start: &'a SessionStart,
    pub state: &'a SinkState,
    pub index: &'a IndexPlan,
}

impl Beginning<'_> {
    /// Makes it under a number that was never used, and lets it join: it is fed from the confirmed
    /// position on. It is recorded before it is created, so that whoever finds the concrete index knows
    /// whose it is.
    pub(super) async fn run(self, confirmed: Confirmed) -> Result<String> {
        let Self { start, state, index } = self;
        let name = self.next_name().await?;
        let generation = Generation { sink: state.sink.clone(), name: name.clone() };
        let mut document = self.document(&name, confirmed).await?;
        state.put_generation(document.clone()).await?;
        failpoint::reach("generation-recorded");
        let mark = mark(&start.plan, &start.identity, &index.name, &name);
        let identity = start.sink.create_generation(&generation, index, &mark).await?;
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
        let Self { start, state, index } = self;
        let counted = state.project().await.and_then(|project| project.generations.get(&index.name).copied());
        let newest = start.sink.newest_generation(&state.sink, index).await?;
        let number = newest.max(counted.unwrap_or(0)) + 1;
        state
            .update_project(|project| {
                project.generations.insert(index.name.clone(), number);
            })
            .await?;
        failpoint::reach("generation-counted");
        start.sink.generation_name(&state.sink, index, number)
    }

    async fn document(self, name: &str, confirmed: Confirmed) -> Result<GenerationState> {
        let Self { start, state, index } = self;
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
            settings: start.sink.settings(&state.sink, index)?,
            catalog: start.source.capture.catalog_record(index).await?,
            stale: None,
            nonce: String::new(),
        })
    }
}

/// Removes what earlier applies began for an index, except the generation to be continued.
pub(super) async fn drop_begun(
    start: &SessionStart,
    state: &SinkState,
    index: &str,
    but: Option<&str>,
) -> Result<()> {
    for old in state.generations().await {
        if old.index != index || but == Some(old.name.as_str()) {
            continue;
        }
        if old.phase == GenerationPhase::Creating {
            drop_creating(start, state, &old).await?;
        } else if is_begun(&old) {
            drop_one(start, state, &old).await?;
        }
    }
    Ok(())
}

/// An index that was being created, if it came to be at all, is ours only where its mark says so; one
/// of the same name that someone else made is left alone.
async fn drop_creating(start: &SessionStart, state: &SinkState, old: &GenerationState) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: old.name.clone() };
    let ours = mark(&start.plan, &start.identity, &old.index, &old.name);
    let found = start.sink.belongings(&generation).await?;
    let is_ours = |mark| mark == Some(ours);
    if found.is_some_and(|found| is_ours(found.ownership) && found.aliases.is_empty()) {
        start.sink.drop_generation(&generation).await?;
    }
    state.remove_generation(&old.name).await
}

async fn drop_one(start: &SessionStart, state: &SinkState, old: &GenerationState) -> Result<()> {
    let generation = Generation { sink: state.sink.clone(), name: old.name.clone() };
    // Mark it as having missed changes first, so that whoever finds it half dropped drops the rest.
    state.update_project(|project| project.fed.retain(|name, _| *name != old.name)).await?;
    start.sink.drop_generation(&generation).await?;
    state.remove_generation(&old.name).await
}
