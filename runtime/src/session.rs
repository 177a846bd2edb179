//! The state that the tasks of one session share, from acquiring the slot to losing it.

pub(crate) mod batch;
pub(crate) mod comparison;
pub(crate) mod confirm;
pub(crate) mod history;
pub(crate) mod pipeline;
pub(crate) mod retry;
pub(crate) mod snapshot_write;
pub(crate) mod stale;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod verify;
pub(crate) mod writer;

use std::sync::Arc;

use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::Confirmed;
use tokio::sync::watch;

use crate::backends::{RunOptions, SourceParts};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::PASS_WAIT;
use crate::progress::Shutdown;
use crate::sink::{Generation, Sink};
use crate::source::ChangeStream;
use history::{History, recognised_by};
use pipeline::Pipeline;
use stale::{Unread, recorded};
use state::{SinkState, of_sink};
use writer::Writer;

/// One session: shared by the pipeline and whatever is done beside it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub targets: Targets,
    pub source: SourceParts,
    /// Writes to the sinks.
    pub writer: Arc<Writer>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// The confirmed position, updated by the pipeline.
    pub confirmed: watch::Receiver<Confirmed>,
    /// Whether the log is known to be the one that was followed before.
    is_past: watch::Receiver<bool>,
    /// Options of the run.
    pub options: RunOptions,
}

/// The parts that a session begins with.
#[derive(Debug)]
pub(crate) struct SessionParts {
    pub targets: Targets,
    pub source: SourceParts,
    pub sink: Arc<dyn Sink>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// Where to go on.
    pub confirmed: Confirmed,
    /// Options of the run.
    pub options: RunOptions,
}

impl Session {
    /// A session that follows `stream`, and the pipeline that does it. The pipeline ends when `stop` is
    /// asked, which need not be the run's own request.
    pub(crate) async fn begin(
        parts: SessionParts,
        stream: &mut dyn ChangeStream,
        stop: Shutdown,
    ) -> Result<(Arc<Self>, Pipeline)> {
        let SessionParts { targets, source, sink, states, confirmed, options } = parts;
        let unread = Unread::of(&targets, &states, &source).await?;
        let records = recorded(&targets, &states, &source).await?;
        stream.follow(&records);
        let (picked, written) = recognised_by(&targets, &records, &states, confirmed.position).await;
        let by_name = records.into_iter().map(|(index, record)| (targets.index(index).name.clone(), record));
        source.documents.rely_on(by_name.collect())?;
        let writer = Arc::new(Writer::new(sink, source.capture.clone(), stream.lease()));
        let slot = source.capture.slot().await?;
        let from = slot.and_then(|slot| slot.confirmed).unwrap_or(confirmed.position);
        let history = History::new(confirmed, from, picked.since, written);
        let (past, is_past) = watch::channel(history.is_past());
        let (sender, receiver) = watch::channel(confirmed);
        let pipeline = Pipeline {
            targets: targets.clone(),
            source: source.clone(),
            writer: writer.clone(),
            states: states.clone(),
            unread,
            is_past: past,
            history,
            picked,
            confirmed: sender,
            progress: options.progress.clone(),
            stop,
        };
        let session = Self { targets, source, writer, states, is_past, confirmed: receiver, options };
        Ok((Arc::new(session), pipeline))
    }

    /// The index at a position of the plan.
    pub(crate) fn index(&self, position: usize) -> &IndexPlan {
        self.targets.index(position)
    }

    /// The state of a target's sink, where it keeps one.
    pub(crate) fn state_of(&self, target: &Target) -> Option<&SinkState> {
        of_sink(&self.states, &target.generation.sink)
    }

    /// Returns once the log is known to be the one that was followed before: nothing is written earlier. The
    /// pipeline ends with an error where it is another one.
    pub(crate) async fn wait_history(&self) -> Result<()> {
        let passed = self.is_past.clone().wait_for(|is_past| *is_past).await.map(drop);
        passed.map_err(|_| Error::new(ErrorKind::ConnectionLost, "following ended meanwhile"))
    }

    /// Returns once the pipeline has confirmed everything that had happened before.
    pub(crate) async fn wait_passed(&self) -> Result<()> {
        self.wait_confirmed(self.source.capture.insert_position().await?).await
    }

    /// Returns once the pipeline has confirmed everything below `position`.
    pub(crate) async fn wait_confirmed(&self, position: Lsn) -> Result<()> {
        let mut confirmed = self.confirmed.clone();
        if confirmed.borrow().position >= position {
            return Ok(());
        }
        self.source.capture.heartbeat().await?;
        let passed = confirmed.wait_for(|confirmed| confirmed.position >= position);
        match tokio::time::timeout(PASS_WAIT, passed).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(Error::new(ErrorKind::ConnectionLost, "following ended meanwhile")),
            Err(_) => {
                let seconds = PASS_WAIT.as_secs();
                let message = format!("the follower did not pass `{position}` within {seconds} s");
                Err(Error::new(ErrorKind::Busy, message)
                    .with_help("run `flusso apply` again when the source is less busy"))
            }
        }
    }
}

/// A plan with the targets of a run.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub plan: Arc<Lock>,
    targets: Vec<Target>,
}

/// One generation that is fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Position of its index in the plan.
    pub index: usize,
    pub generation: Generation,
}

impl Targets {
    /// Targets of a plan.
    pub(crate) fn new(plan: Arc<Lock>, targets: Vec<Target>) -> Self {
        Self { plan, targets }
    }

    /// The index at a position of the plan.
    pub(crate) fn index(&self, position: usize) -> &IndexPlan {
        &self.plan.indexes[position]
    }

    /// The targets of one index.
    pub(crate) fn of(&self, index: usize) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.index == index)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter()
    }

    /// Names of the generations in a sink.
    pub(crate) fn names_in(&self, sink: &str) -> Vec<String> {
        let in_sink = self.targets.iter().filter(|target| target.generation.sink == sink);
        in_sink.map(|target| target.generation.name.clone()).collect()
    }
}
