//! The seam between the pipeline and the world: where a plan's source and sink come from.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flusso_schemas::lock::Lock;

use crate::error::Result;
use crate::progress::{Progress, Shutdown};
use crate::sink::Sink;
use crate::source::{ChangeCapture, DocumentBuilder};

/// Makes the parts that execute a plan. Connections and credentials are resolved here, in the
/// environment that runs the pipeline, so that a lock carries none.
#[async_trait]
pub trait Backends: Debug + Send + Sync {
    /// Connects to the plan's source. Capture and documents are made together because both read one
    /// source.
    ///
    /// What it returns is *one session*: no part of it ever reconnects by itself, because the loss of
    /// any connection to the primary voids what its snapshots saw. When a part says
    /// [`crate::ErrorKind::ConnectionLost`] the caller drops all of it and calls this again.
    async fn source(&self, plan: &Lock, options: &RunOptions) -> Result<SourceParts>;

    /// The plan's sink: one, a fan-out over several, or stdout when none is configured. Called once a
    /// run; a sink may reconnect by itself.
    async fn sink(&self, plan: &Lock, options: &RunOptions) -> Result<Arc<dyn Sink>>;
}

/// One session with a source.
#[derive(Clone, Debug)]
pub struct SourceParts {
    /// Where changes come from.
    pub capture: Arc<dyn ChangeCapture>,
    /// Where documents come from.
    pub documents: Arc<dyn DocumentBuilder>,
}

/// Options of a run, besides its plan.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Whether credentials may come from commands.
    pub allow_commands: bool,
    /// Number of backfill chunks that are read and written at once.
    pub readers: usize,
    /// Longest wait for writers that may have missed a publication change, and for the slot's creation:
    /// [`crate::limits::GATE_WAIT`] but in tests.
    pub gate_wait: Duration,
    /// Longest wait for a slot that someone holds: [`crate::limits::SLOT_WAIT`] but in tests.
    pub slot_wait: Duration,
    /// Who hears what happens.
    pub progress: Arc<dyn Progress>,
    /// Says when to stop: waits end early then.
    pub shutdown: Shutdown,
}
