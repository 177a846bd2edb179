//! Rule *stale*: an index that may have missed changes is marked, durably, and never fed as if it had not.

use std::collections::BTreeMap;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{CatalogRecord, GenerationPhase, StaleMark};

use crate::backends::SourceParts;
use crate::error::{Error, Result};
use crate::recovery::{DriftCause, IndexDrift};
use crate::session::state::{SinkState, of_sink};
use crate::session::{Target, Targets};
use crate::sink::Generation;

/// The log position from which each generation was read. Earlier changes are not lost: its chunks have read
/// them, or will, after a gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(BTreeMap<Generation, Lsn>);

impl Unread {
    /// Collects the generations that are fed. A generation without a closed range is read from now on, which is
    /// recorded: a change that is not lost may come again after the first chunk is closed. Called before the
    /// gate is passed: the gate waits for whatever began to commit below the position that is read here.
    pub(crate) async fn of(targets: &Targets, states: &[SinkState], source: &SourceParts) -> Result<Self> {
        let mut from = BTreeMap::new();
        for target in targets.all() {
            let (generation, name) = (&target.generation, &target.generation.name);
            let Some(state) = of_sink(states, &generation.sink) else { continue };
            let Some(own) = state.generation(name).await else { continue };
            let is_unread = own.phase == GenerationPhase::Filling && own.ranges.is_empty();
            let read_from =
                if is_unread { Some(source.capture.insert_position().await?) } else { own.read_from };
            if is_unread {
                state.update_generation(name, |document| document.read_from = read_from).await?;
            }
            from.extend(read_from.map(|position| (generation.clone(), position)));
        }
        Ok(Self(from))
    }

    /// Whether a change of a transaction that committed at `commit` is read by the generation's chunks.
    pub(crate) fn covers(&self, target: &Target, commit: Lsn) -> bool {
        self.0.get(&target.generation).is_some_and(|from| commit < *from)
    }
}

/// What the rows of a stream are routed by: the catalog that each fed index recorded. Where an index has
/// several generations their records were compared with the same catalog, so any of them will do.
pub(crate) async fn recorded(
    targets: &Targets,
    states: &[SinkState],
    source: &SourceParts,
) -> Result<BTreeMap<usize, CatalogRecord>> {
    let mut records = BTreeMap::new();
    for target in targets.all() {
        let known = match of_sink(states, &target.generation.sink) {
            Some(state) => state.generation(&target.generation.name).await,
            None => None,
        };
        let record = match known {
            Some(document) => document.catalog,
            // A sink that keeps no state is filled from the first row, in every run.
            None if records.contains_key(&target.index) => continue,
            None => source.capture.catalog_record(targets.index(target.index)).await?,
        };
        records.insert(target.index, record);
    }
    Ok(records)
}

/// Marks a generation, unless it was marked before. Returns the error that stops the run.
pub(crate) async fn mark(states: &[SinkState], generation: &Generation, mark: StaleMark) -> Result<Error> {
    let StaleMark { since, reason, .. } = mark.clone();
    let Some(state) = of_sink(states, &generation.sink) else {
        return Ok(DriftCause::UnusableChange { reason }.error());
    };
    state
        .update_generation(&generation.name, |document| {
            document.stale.get_or_insert(mark);
        })
        .await?;
    let drift = IndexDrift::Stale { since, reason };
    Ok(DriftCause::Index { generation: generation.name.clone(), drift }.error())
}
