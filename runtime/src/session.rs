//! What the work of one session shares, from acquiring the slot to losing it.

use std::sync::Arc;

use flusso_schemas::lock::IndexPlan;
use flusso_schemas::state::Confirmed;
use tokio::sync::watch;

use crate::backends::{RunOptions, SourceParts};
use crate::error::{Error, ErrorKind, Result};
use crate::feed::{Feed, Feeds};
use crate::pipeline::Pipeline;
use crate::progress::Shutdown;
use crate::source::ChangeStream;
use crate::state::SinkState;
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
    /// What the run was told.
    pub options: RunOptions,
}

impl Session {
    /// A session that follows `stream` from `confirmed` on, and the pipeline that does it. The pipeline
    /// ends when `stop` is asked, which need not be the run's own request.
    pub fn begin(
        feeds: Feeds,
        source: SourceParts,
        sink: Arc<dyn crate::sink::Sink>,
        states: Arc<Vec<SinkState>>,
        stream: &dyn ChangeStream,
        confirmed: Confirmed,
        options: RunOptions,
        stop: Shutdown,
    ) -> (Arc<Self>, Pipeline) {
        let writer = Arc::new(Writer::new(sink, source.capture.clone(), stream.lease()));
        let (sender, receiver) = watch::channel(confirmed);
        let pipeline = Pipeline {
            feeds: feeds.clone(),
            source: source.clone(),
            writer: writer.clone(),
            states: states.clone(),
            confirmed: sender,
            progress: options.progress.clone(),
            stop,
        };
        (Arc::new(Self { feeds, source, writer, states, confirmed: receiver, options }), pipeline)
    }

    /// The index at a position of the plan.
    pub fn index(&self, position: usize) -> &IndexPlan {
        self.feeds.index(position)
    }

    /// The state of a feed's sink, where it keeps one.
    pub fn state_of(&self, feed: &Feed) -> Option<&SinkState> {
        self.states.iter().find(|state| state.sink == feed.generation.sink)
    }

    /// An error once the run was asked to stop.
    pub fn check_stop(&self) -> Result<()> {
        match self.options.shutdown.is_requested() {
            true => Err(Error::new(ErrorKind::Stopped, "stopped as asked, before the last swap")
                .with_help("run `flusso apply` again: it goes on where this one stopped")),
            false => Ok(()),
        }
    }
}
