//! The start of a session: who the source is, what the states say, and whether both still fit. Nothing
//! is written here.

use std::sync::Arc;

use flusso_schemas::lock::Lock;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{CatalogRecord, Confirmed, GenerationState, ProjectState, SlotPhase};

use crate::backends::{Backends, RunOptions, SourceParts};
use crate::drift::{Compare, differences};
use crate::error::{Error, ErrorKind, Result};
use crate::sink::{Generation, Sink};
use crate::source::SourceIdentity;
use crate::state::{SinkState, lowest_confirmed};

/// The way on wherever documents may have missed changes: until refilling in place is built, everything
/// is built anew.
const WAY_ON: &str = "stop flusso, drop the slot, delete the state index, then run `flusso apply`: \
                      it builds everything anew beside what is live";

/// A source and the states, before the slot is acquired.
#[derive(Debug)]
pub struct Opening {
    /// The plan.
    pub plan: Arc<Lock>,
    /// The source.
    pub source: SourceParts,
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// Who the source was when the session began.
    pub identity: SourceIdentity,
}

impl Opening {
    /// Connects, and reads the states.
    pub async fn new(
        backends: &dyn Backends,
        plan: &Arc<Lock>,
        sink: &Arc<dyn Sink>,
        options: &RunOptions,
    ) -> Result<Self> {
        let source = backends.source(plan, options).await?;
        let states = Arc::new(SinkState::load_all(sink).await?);
        let identity = source.capture.identity().await?;
        Ok(Self { plan: plan.clone(), source, sink: sink.clone(), states, identity })
    }

    /// What every state says of the source still holds: its identity, the publication, the log's end.
    /// The states first: what they hold as confirmed lies below a log's end that is read after them.
    pub async fn check_states(&self) -> Result<()> {
        for state in self.states.iter() {
            if let Some(project) = state.project().await {
                let identity = self.source.capture.identity().await?;
                self.check_source(&state.sink, &project, &identity)?;
                if project.slot_phase == SlotPhase::Ready {
                    self.check_publication(&project).await?;
                }
            }
        }
        Ok(())
    }

    fn check_source(&self, sink: &str, project: &ProjectState, identity: &SourceIdentity) -> Result<()> {
        let confirmed = project.confirmed.map_or(Lsn::ZERO, |confirmed| confirmed.position);
        let said = format!("the state in sink `{sink}` was written for");
        let difference = if project.system_identifier != identity.system_identifier {
            format!("{said} another Postgres cluster (system identifier {})", project.system_identifier)
        } else if project.timeline != identity.timeline {
            format!("{said} timeline {} and this is timeline {}", project.timeline, identity.timeline)
        } else if identity.insert_position < confirmed {
            let end = identity.insert_position;
            format!("{said} a log that reached `{confirmed}`, and this one ends at `{end}`: it was restored")
        } else if project.slot != self.plan.source.slot {
            format!("{said} slot `{}` and the lock names `{}`", project.slot, self.plan.source.slot)
        } else {
            return Ok(());
        };
        Err(drift(difference))
    }

    async fn check_publication(&self, project: &ProjectState) -> Result<()> {
        let name = &self.plan.source.publication;
        match self.source.capture.publication().await? {
            Some(oid) if oid == project.publication_oid => Ok(()),
            Some(_) => Err(drift(format!(
                "publication `{name}` was dropped and made again: changes before that can never be read"
            ))),
            None => Err(drift(format!("publication `{name}` is gone: changes can not be read any more"))),
        }
    }

    /// Whether a state says that the slot was made.
    pub async fn is_ready(&self) -> bool {
        for state in self.states.iter() {
            if state.project().await.is_some_and(|project| project.slot_phase == SlotPhase::Ready) {
                return true;
            }
        }
        false
    }

    /// The slot is there, is ours, and stands nowhere past what the states hold. A follower may confirm
    /// between our reading a state and the slot, so a slot that seems to be past it is judged by a state
    /// that is read after it.
    pub async fn check_slot(&self) -> Result<()> {
        let name = &self.plan.source.slot;
        let Some(slot) = self.source.capture.slot().await? else {
            return Err(drift(format!("slot `{name}` is gone: changes since then are lost")));
        };
        slot.ours.as_ref().map_err(|why| drift(format!("slot `{name}` is not ours: {why}")))?;
        if slot.lost {
            return Err(drift(format!("slot `{name}` is lost: Postgres removed log that it still needed")));
        }
        let is_ahead_of =
            |confirmed: Confirmed| slot.confirmed.filter(|position| *position > confirmed.position);
        if lowest_confirmed(&self.states).await.and_then(is_ahead_of).is_none() {
            return Ok(());
        }
        for state in self.states.iter() {
            state.reload().await?;
        }
        let Some(confirmed) = lowest_confirmed(&self.states).await else { return Ok(()) };
        is_ahead_of(confirmed).map_or(Ok(()), |position| {
            Err(drift(format!(
                "slot `{name}` stands at `{position}`, past the state's `{}`: someone advanced it or made it \
                 again, and what lies between is lost",
                confirmed.position
            )))
        })
    }

    /// A generation is still the index that was made, and the catalog is still what it was built under.
    /// Returns the catalog as it is now, where it differs in what only updates the record.
    pub async fn check_generation(
        &self,
        generation: &GenerationState,
        compare: Compare,
    ) -> Result<Option<CatalogRecord>> {
        if let Some(stale) = &generation.stale {
            return Err(drift(format!(
                "`{}` is stale since `{}`: {}",
                generation.name, stale.since, stale.reason
            )));
        }
        let at = Generation { sink: generation.sink.clone(), name: generation.name.clone() };
        match self.sink.identity(&at).await? {
            None => return Err(drift(format!("index `{}` is gone", generation.name))),
            Some(identity) if identity.index_uuid != generation.index_uuid => {
                return Err(drift(format!("index `{}` was deleted and made again", generation.name)));
            }
            Some(identity) if identity.history_uuids != generation.history_uuids => {
                return Err(drift(format!("index `{}` was restored from a snapshot", generation.name)));
            }
            Some(_) => {}
        }
        let Some(index) = self.plan.indexes.iter().find(|index| index.name == generation.index) else {
            return Ok(None);
        };
        let now = self.source.capture.catalog_record(index).await?;
        match differences(&generation.catalog, &now, compare) {
            none if none.is_empty() => Ok(Some(now).filter(|now| *now != generation.catalog)),
            found => Err(drift(format!(
                "the catalog changed under index `{}` without an event: {}",
                generation.index,
                found.join("; ")
            ))),
        }
    }

    /// Where to go on: the lowest position that a state holds, else the slot's own.
    pub async fn confirmed(&self) -> Result<Confirmed> {
        if let Some(confirmed) = lowest_confirmed(&self.states).await {
            return Ok(confirmed);
        }
        let slot = self.source.capture.slot().await?;
        let position = slot.and_then(|slot| slot.confirmed).unwrap_or(Lsn::ZERO);
        Ok(Confirmed { position, transaction_end: None, xid: None, commit_time_us: None })
    }
}

/// Documents may have missed something: stop, with the way on.
pub fn drift(message: String) -> Error {
    Error::new(ErrorKind::Drift, message).with_help(WAY_ON)
}
