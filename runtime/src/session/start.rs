//! The start of a session: the identity of the source, the states, and whether they still match. Writes nothing.
//!
//! Rule *start-up* of docs/correctness.md.

use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lock::Lock;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{Confirmed, GenerationState, ProjectState, SlotPhase};

use crate::backends::{Backends, RunOptions, SourceParts};
use crate::drift::{Compare, Fit};
use crate::error::{Error, ErrorKind, Result};
use crate::recovery::{DriftCause, IndexDrift, Names};
use crate::session::state::{SinkState, lowest_confirmed};
use crate::sink::{Generation, Sink};
use crate::source::SourceIdentity;

/// A source and the states, before the slot is acquired.
#[derive(Debug)]
pub struct SessionStart {
    /// The lock that is executed.
    pub plan: Arc<Lock>,
    /// The source, connected but without a stream.
    pub source: SourceParts,
    /// All sinks behind one interface.
    pub sink: Arc<dyn Sink>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// Who the source was when the session began.
    pub identity: SourceIdentity,
    /// Whether aliases may be taken from indexes that were built from another source.
    pub accepts_new_source: bool,
}

impl SessionStart {
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
        let (plan, sink) = (plan.clone(), sink.clone());
        Ok(Self { plan, source, sink, states, identity, accepts_new_source: false })
    }

    /// Every state was written for this very database. Before anything else is judged: whatever differs
    /// in another database differs because of that, and its own help would be followed there.
    pub async fn check_origin(&self) -> Result<()> {
        for state in self.states.iter() {
            if let Some(project) = state.project().await {
                let cause = self.other_origin(&state.sink, &project);
                cause.map_or(Ok(()), |cause| Err(cause.error()))?;
            }
        }
        Ok(())
    }

    fn other_origin(&self, sink: &str, project: &ProjectState) -> Option<DriftCause> {
        let (sink, identity) = (sink.to_owned(), &self.identity);
        if project.system_identifier != identity.system_identifier {
            return Some(DriftCause::OtherCluster { sink });
        }
        (project.database_oid != identity.database_oid).then(|| DriftCause::OtherDatabase {
            sink,
            recorded: project.database.clone(),
            current: identity.database.clone(),
            slot: project.slot.clone(),
        })
    }

    /// What every state says of the source still holds: its identity, the publication, the log's end.
    /// The states first: what they hold as confirmed lies below a log's end that is read after them.
    pub async fn check_states(&self) -> Result<()> {
        self.check_origin().await?;
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
        let (sink, planned) = (sink.to_owned(), &self.plan.source.slot);
        let cause = if project.timeline != identity.timeline {
            DriftCause::OtherTimeline { sink, recorded: project.timeline, current: identity.timeline }
        } else if identity.insert_position < confirmed {
            DriftCause::Restored { sink, confirmed, end: identity.insert_position }
        } else if project.slot != *planned {
            DriftCause::OtherSlot { sink, recorded: project.slot.clone(), planned: planned.clone() }
        } else {
            return Ok(());
        };
        Err(cause.error())
    }

    async fn check_publication(&self, project: &ProjectState) -> Result<()> {
        let publication = self.plan.source.publication.clone();
        match self.source.capture.publication().await? {
            Some(oid) if oid == project.publication_oid => Ok(()),
            Some(_) => Err(DriftCause::PublicationRecreated { publication }.error()),
            None => Err(DriftCause::PublicationGone { publication }.error()),
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

    /// Checks that the slot exists, is ours, and is not ahead of the states. A follower may confirm between our
    /// reading a state and the slot, so a slot that seems to be past it is judged by a state that is read after
    /// it.
    pub async fn check_slot(&self) -> Result<()> {
        let name = self.plan.source.slot.clone();
        let Some(slot) = self.source.capture.slot().await? else {
            return Err(DriftCause::SlotGone { slot: name }.error());
        };
        if let Some(cause) = slot.not_ours(&name, &self.identity.database) {
            return Err(cause.error());
        }
        if slot.lost {
            return Err(DriftCause::SlotLost { slot: name }.error());
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
            Err(DriftCause::SlotAhead { slot: name, position, confirmed: confirmed.position }.error())
        })
    }

    /// A generation is still the index that was made, and the catalog is still what it was built under.
    pub async fn check_generation(&self, generation: &GenerationState, compare: Compare) -> Result<Fit> {
        let stops = |drift| DriftCause::Index { generation: generation.name.clone(), drift }.error();
        if let Some(stale) = &generation.stale {
            return Err(stops(IndexDrift::Stale { since: stale.since, reason: stale.reason.clone() }));
        }
        let at = Generation { sink: generation.sink.clone(), name: generation.name.clone() };
        match self.sink.identity(&at).await? {
            None => return Err(stops(IndexDrift::Gone)),
            Some(identity) if generation.index_uuid.as_ref() != Some(&identity.index_uuid) => {
                return Err(stops(IndexDrift::Recreated));
            }
            Some(identity) if identity.history_uuids != generation.history_uuids => {
                return Err(stops(IndexDrift::Restored));
            }
            Some(_) => {}
        }
        let Some(index) = self.plan.indexes.iter().find(|index| index.name == generation.index) else {
            return Ok(Fit::Same);
        };
        self.sink.check_settings(&at, index).await?;
        let now = self.source.capture.catalog_record(index).await?;
        Fit::of(&generation.catalog, now, compare)
            .map_err(|differences| stops(IndexDrift::CatalogChanged { differences }))
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

/// Longest time for looking. The command ends anyway.
const LOOK_WAIT: Duration = Duration::from_secs(10);

/// Adds cause and remedy to an error. A dropped publication, for one, first shows as a stream error that says
/// neither.
pub(crate) async fn explained(
    error: Error,
    backends: &dyn Backends,
    lock: &Arc<Lock>,
    sink: Option<&Arc<dyn Sink>>,
    options: &RunOptions,
) -> Error {
    let Some(sink) = sink else { return error };
    let says_nothing = error.cause.is_none() && error.help.is_none() && error.findings.is_empty();
    let may_be_drift = matches!(error.kind, ErrorKind::Drift | ErrorKind::Internal);
    let error = match says_nothing && may_be_drift {
        true => cause(backends, lock, sink, options).await.unwrap_or(error),
        false => error,
    };
    Names::new(lock, sink).explain(error)
}

/// What no longer fits the states, if anything.
async fn cause(
    backends: &dyn Backends,
    lock: &Arc<Lock>,
    sink: &Arc<dyn Sink>,
    options: &RunOptions,
) -> Option<Error> {
    let look = async {
        let start = SessionStart::new(backends, lock, sink, options).await?;
        start.check_states().await?;
        if start.is_ready().await { start.check_slot().await } else { Ok(()) }
    };
    let looked: Result<()> = tokio::time::timeout(LOOK_WAIT, look).await.ok()?;
    looked.err().filter(|found| found.cause.is_some())
}
