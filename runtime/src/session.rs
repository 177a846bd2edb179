//! What the work of one session shares, from acquiring the slot to losing it.

use std::sync::Arc;

use flusso_schemas::lock::IndexPlan;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::Confirmed;
use tokio::sync::watch;

use crate::backends::{RunOptions, SourceParts};
use crate::bounds::PASS_WAIT;
use crate::error::{Error, ErrorKind, Result};
use crate::feed::{Feed, Feeds};
use crate::history::{History, recognised_by};
use crate::pipeline::Pipeline;
use crate::progress::Shutdown;
use crate::sink::Sink;
use crate::source::ChangeStream;
use crate::stale::{Unread, recorded};
use crate::state::{SinkState, of_sink};
use crate::writer::Writer;

/// One session: shared by the pipeline and whatever is done beside it.
#[derive(Clone, Debug)]
pub struct Session {
    /// What is fed.
    pub feeds: Feeds,
    /// The source.
    pub source: SourceParts,
    /// Writes to the sinks.
    pub writer: Arc<Writer>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// What is confirmed, as the pipeline goes on.
    pub confirmed: watch::Receiver<Confirmed>,
    /// Whether the log is known to be the one that was followed before.
    is_past: watch::Receiver<bool>,
    /// What the run was told.
    pub options: RunOptions,
}

/// What a session begins with.
#[derive(Debug)]
pub struct Start {
    /// What is fed.
    pub feeds: Feeds,
    /// The source.
    pub source: SourceParts,
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// The states of the sinks that keep one.
    pub states: Arc<Vec<SinkState>>,
    /// Where to go on.
    pub confirmed: Confirmed,
    /// What the run was told.
    pub options: RunOptions,
}

impl Session {
    /// A session that follows `stream`, and the pipeline that does it. The pipeline ends when `stop` is
    /// asked, which need not be the run's own request.
    pub async fn begin(
        start: Start,
        stream: &mut dyn ChangeStream,
        stop: Shutdown,
    ) -> Result<(Arc<Self>, Pipeline)> {
        let Start { feeds, source, sink, states, confirmed, options } = start;
        let unread = Unread::of(&feeds, &states, &source).await?;
        let records = recorded(&feeds, &states, &source).await?;
        stream.follow(&records);
        let (picked, written) = recognised_by(&feeds, &records, &states, confirmed.position).await;
        let by_name = records.into_iter().map(|(index, record)| (feeds.index(index).name.clone(), record));
        source.documents.rely_on(by_name.collect())?;
        let writer = Arc::new(Writer::new(sink, source.capture.clone(), stream.lease()));
        let slot = source.capture.slot().await?;
        let from = slot.and_then(|slot| slot.confirmed).unwrap_or(confirmed.position);
        let history = History::new(confirmed, from, picked.since, written);
        let (past, is_past) = watch::channel(history.is_past());
        let (sender, receiver) = watch::channel(confirmed);
        let pipeline = Pipeline {
            feeds: feeds.clone(),
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
        let session = Self { feeds, source, writer, states, is_past, confirmed: receiver, options };
        Ok((Arc::new(session), pipeline))
    }

    /// The index at a position of the plan.
    pub fn index(&self, position: usize) -> &IndexPlan {
        self.feeds.index(position)
    }

    /// The state of a feed's sink, where it keeps one.
    pub fn state_of(&self, feed: &Feed) -> Option<&SinkState> {
        of_sink(&self.states, &feed.generation.sink)
    }

    /// Returns once the log is known to be the one that was followed before: nothing is written earlier. The
    /// pipeline ends with an error where it is another one.
    pub async fn wait_history(&self) -> Result<()> {
        let passed = self.is_past.clone().wait_for(|is_past| *is_past).await.map(drop);
        passed.map_err(|_| Error::new(ErrorKind::ConnectionLost, "following ended meanwhile"))
    }

    /// Returns once the pipeline has confirmed everything that had happened before.
    pub async fn wait_passed(&self) -> Result<()> {
        self.wait_confirmed(self.source.capture.insert_position().await?).await
    }

    /// Returns once the pipeline has confirmed everything below `position`.
    pub async fn wait_confirmed(&self, position: Lsn) -> Result<()> {
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
