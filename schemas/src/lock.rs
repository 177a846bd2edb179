//! `flusso.lock`: the whole program that the runtime executes.
//!
//! The types are what the file says; [`write`] prints them in the one canonical spelling and
//! [`read`] takes only that file's keys, with a line and a column for everything it refuses. No
//! type here can hold a secret's value: what could be one is a [`SecretRef`].

use std::collections::BTreeMap;

mod body_text;
mod connection;
mod digest;
mod fingerprint;
mod index;
mod levels;
pub mod marks;
mod read;
pub mod settings;
mod source;
mod toml_text;
mod write;
mod write_index;

pub use connection::{SecretRef, SourceEndpoint, Template, TlsFiles, UrlEndpoint, UserName};
pub use fingerprint::{edges_fingerprint, field_json, index_fingerprint};
pub use index::{
    DocumentIdForm, Edge, FieldPlan, FieldSource, IndexPlan, JoinPair, KeyColumn, Node, OnError, ROOT_PATH,
};
pub use levels::{Acceptance, LintLevel};
pub use read::{ReadError, read, read_index};
pub use source::{Compression, Identity, Manage, OpenSearchPlan, SinkKind, SinkPlan, SourcePlan, TablePlan};
pub use write::{index_text, write};

/// The newest version of the format, and the one that is written.
pub const LOCK_VERSION: u32 = 2;

/// A whole lock. Digests are not fields: they are computed when it is written and verified when it
/// is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Name of the project: prefixes the slot, the publication and the state.
    pub project: String,
    /// Hash of the project file without `sinks`, as it was parsed.
    pub inputs: String,
    /// Levels of lints that the project changed, by name: raised ones too.
    pub levels: BTreeMap<String, LintLevel>,
    /// Findings about the source and the sinks that a comment in the project file accepts, sorted.
    pub accepted: Vec<Acceptance>,
    /// Where changes come from.
    pub source: SourcePlan,
    /// Where documents go, sorted by name; none means stdout.
    pub sinks: Vec<SinkPlan>,
    /// Every captured table, sorted by name.
    pub tables: Vec<TablePlan>,
    /// Every index, sorted by name.
    pub indexes: Vec<IndexPlan>,
}

impl Lock {
    /// Digest of the whole file as the state records it: SHA-256, 16 hexadecimal digits.
    pub fn digest(&self) -> String {
        crate::hash::short_hash(write(self))
    }
}
