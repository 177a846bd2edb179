//! Executes a lock. This crate names no backend: it knows sources and sinks by their traits only.
//!
//! [`Backends`] gives one session's [`SourceParts`] and the [`Sink`]; `apply` makes the world
//! match a lock and `follow` keeps it so.

mod apply;
pub mod backends;
mod backfill;
mod batch;
mod begin;
pub mod bounds;
pub mod claims;
mod diagnosis;
pub mod documents;
mod doubts;
pub mod drift;
mod durability;
pub mod error;
mod eventless;
pub mod failpoint;
mod feed;
mod fit;
mod follow;
mod history;
mod join;
#[cfg(test)]
mod memory;
mod opening;
pub mod ownership;
mod pipeline;
mod planning;
pub mod progress;
pub mod recovery;
mod retry;
pub mod secret;
mod session;
pub mod sink;
pub mod source;
mod stale;
pub mod state;
pub mod state_store;
mod swap;
#[cfg(test)]
mod tests;
pub mod tls;
mod verify;
mod writer;

pub use apply::{Applied, ApplyOptions, apply};
pub use backends::{Backends, RunOptions, SourceParts};
pub use documents::{DocumentRef, Documents, Key};
pub use error::{Error, ErrorKind, Result};
pub use flusso_schemas::lsn::Lsn;
pub use follow::follow;
pub use progress::{Progress, ProgressEvent, Shutdown};
pub use sink::{
    AliasState, AliasTarget, Answer, Belongings, FanOut, Generation, GenerationIdentity, Owner, Sink,
    StdoutSink,
};
pub use source::{ChangeCapture, ChangeStream, DocumentBuilder, Event};
pub use state_store::{Revision, StateStore, Stored, StoredState};
