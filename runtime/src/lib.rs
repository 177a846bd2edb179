//! Executes a lock. This crate names no backend: it knows sources and sinks by their traits only.
//!
//! # From a lock to an alias
//!
//! [`apply`] makes the world match a lock, and [`follow`] keeps it so. Both begin a session the same way: read
//! the states and compare them with the source (`session/start.rs`), acquire the slot, and follow its stream.
//!
//! 1. `apply/plan.rs` decides per index and sink: create, resume, leave, rebuild. Nothing is changed yet.
//! 2. `apply/join.rs` makes state and slot, and `apply/new_generation.rs` the concrete indexes; each is recorded
//!    before it is created.
//! 3. `session/pipeline.rs` follows the stream from here on: `batch.rs` gathers its changes, the pipeline resolves
//!    them to documents and builds these, `writer.rs` writes them and judges the answers, `confirm.rs` lets the
//!    source forget what is durable everywhere.
//! 4. `apply/backfill.rs` writes the rows that were there before, chunk by chunk, beside the stream. What no
//!    change caused goes through `session/snapshot_write.rs`.
//! 5. `session/verify.rs` compares index and source, and repairs.
//! 6. `apply/swap.rs` points the alias to the new index.
//!
//! `follow.rs` does step 3 alone, and `follow/watch.rs` looks for drift meanwhile: an alias that was moved, an
//! index that was recreated, a catalog that changed without a change of a row (`drift.rs`). What may have missed
//! a change is marked (`session/stale.rs`) and never fed as if it had not. `session/retry.rs` begins a broken
//! session again.
//!
//! # The contract
//!
//! The modules at the root are what the author of a backend reads: [`backends`] gives the [`source`]'s
//! two views and the [`sink`] of one session; [`documents`], [`state_store`] and [`error`] are what passes between;
//! [`secret`], [`tls`] and [`limits`] are shared by every backend. The rules that all of it keeps are in
//! docs/correctness.md.

mod apply;
pub mod backends;
pub mod claims;
pub mod documents;
pub mod drift;
pub mod error;
pub mod failpoint;
mod follow;
pub mod limits;
pub mod ownership;
pub mod progress;
pub mod recovery;
pub mod secret;
mod session;
pub mod sink;
pub mod source;
pub mod state_store;
pub mod tls;

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
