//! Executes a lock. This crate names no backend: it knows sources and sinks by their traits only.
//!
//! [`Backends`] gives one session's [`SourceParts`] and the [`Sink`]; `apply` makes the world
//! match a lock and `follow` keeps it so.

pub mod backends;
pub mod bounds;
pub mod documents;
pub mod error;
pub mod progress;
pub mod secret;
pub mod sink;
pub mod source;
pub mod state_store;

pub use backends::{Backends, RunOptions, SourceParts};
pub use documents::{DocumentRef, Documents, Key};
pub use error::{Error, ErrorKind, Result};
pub use flusso_schemas::lsn::Lsn;
pub use progress::{Progress, ProgressEvent, Shutdown};
pub use sink::{Answer, FanOut, Generation, GenerationIdentity, Sink};
pub use source::{ChangeCapture, ChangeStream, DocumentBuilder, Event};
pub use state_store::{Revision, StateStore, Stored, StoredState};
