//! Rule *stale*: an index that may have missed changes is marked, durably, and never fed as if it had not.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{CatalogRecord, GenerationPhase, StaleMark};

use crate::backends::SourceParts;
use crate::error::{Error, Result};
use crate::feed::{Feed, Feeds};
use crate::recovery::{DriftCause, IndexDrift};
use crate::sink::Generation;
use crate::state::{SinkState, of_sink};

/// Generations of which nothing was read when the session began. What happened before is no loss for
/// them: their chunks are read later, after a gate.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    generations: BTreeSet<Generation>,
    before: Lsn,
}

impl Unread {
    /// The feeds that are still to be filled from their first row. Asked before the gate is passed: the
    /// gate waits for whatever began to commit below the position that is read here.
    pub async fn of(feeds: &Feeds, states: &[SinkState], source: &SourceParts) -> Result<Self> {
        let mut generations = BTreeSet::new();
        for feed in feeds.all() {
            let Some(state) = of_sink(states, &feed.generation.sink) else { continue };
            let document = state.generation(&feed.generation.name).await;
            if document.is_some_and(|own| own.phase == GenerationPhase::Filling && own.ranges.is_empty()) {
                generations.insert(feed.generation.clone());
            }
        }
        Ok(Self { generations, before: source.capture.insert_position().await? })
    }

    /// Whether a change of a transaction that committed at `commit` is read by the generation's chunks.
    pub fn covers(&self, feed: &Feed, commit: Lsn) -> bool {
        commit < self.before && self.generations.contains(&feed.generation)
    }
}

/// What the rows of a stream are routed by: the catalog that each fed index recorded. Where an index has
/// several generations their records were compared with the same catalog, so any of them will do.
pub async fn recorded(
    feeds: &Feeds,
    states: &[SinkState],
    source: &SourceParts,
) -> Result<BTreeMap<usize, CatalogRecord>> {
    let mut records = BTreeMap::new();
    for feed in feeds.all() {
        let known = match of_sink(states, &feed.generation.sink) {
            Some(state) => state.generation(&feed.generation.name).await,
            None => None,
        };
        let record = match known {
            Some(document) => document.catalog,
            // A sink that keeps no state is filled from the first row, in every run.
            None if records.contains_key(&feed.index) => continue,
            None => source.capture.catalog_record(feeds.index(feed.index)).await?,
        };
        records.insert(feed.index, record);
    }
    Ok(records)
}

/// Marks a generation, unless it was marked before. Returns the error that stops the run.
pub async fn mark(states: &[SinkState], generation: &Generation, mark: StaleMark) -> Result<Error> {
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
