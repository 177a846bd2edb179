//! The state's documents in a sink: conditional writes, read back after an unanswered one.

use std::fmt::Debug;

use async_trait::async_trait;
use flusso_schemas::state::{GenerationState, ProjectState};

use crate::error::Result;

/// Keeps the state beside the documents it describes, so that both are lost and restored together.
///
/// Every write is conditional on the revision that was read or written last; the store puts a fresh
/// nonce into what it writes. After an unanswered write it reads back: its own nonce means done. Any
/// other conflict means that another runner is alive: [`crate::ErrorKind::Foreign`].
#[async_trait]
pub trait StateStore: Debug + Send + Sync {
    /// Name of the index that holds it, for an operator who must delete it.
    fn index_name(&self) -> String;

    /// Everything that is there; `None` if the project has no state in this sink.
    async fn load(&self) -> Result<Option<StoredState>>;

    /// Makes the state. An existing one is a conflict. Only apply calls this.
    async fn create(&self, project: &ProjectState) -> Result<Revision>;

    /// Replaces the project document.
    async fn save_project(&self, project: &ProjectState, revision: Revision) -> Result<Revision>;

    /// Replaces a generation's document, or makes it where `revision` is none.
    async fn save_generation(
        &self,
        generation: &GenerationState,
        revision: Option<Revision>,
    ) -> Result<Revision>;

    /// Removes a generation's document.
    async fn delete_generation(&self, name: &str, revision: Revision) -> Result<()>;
}

/// A state as it was read.
#[derive(Clone, Debug)]
pub struct StoredState {
    /// The project's document with its revision.
    pub project: Stored<ProjectState>,
    /// The document of every generation, in no order.
    pub generations: Vec<Stored<GenerationState>>,
}

/// A document with the revision it was read or written at.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The document as it was read or written.
    pub value: T,
    /// The revision, for the condition of the next write.
    pub revision: Revision,
}

/// A revision of a document (`_seq_no`, `_primary_term`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its `_seq_no` in the shard.
    pub sequence: u64,
    /// Its `_primary_term` in the shard.
    pub term: u64,
}
