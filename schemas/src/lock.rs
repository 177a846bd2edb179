//! `flusso.lock`: the whole program that the runtime executes.
//!
//! The types are what the file says, and each block's struct is its table of keys: [`write`] prints
//! them in the one canonical spelling, [`read`] takes only that file's keys, with a line and a column
//! for everything it refuses, and [`docs`] describes them. No type here can hold a secret's value: what
//! could be one is a [`SecretRef`].

use std::collections::BTreeMap;

mod block;
mod body_text;
mod codec;
mod connection;
mod digest;
mod docs;
mod field;
mod fingerprint;
mod form;
mod index;
mod levels;
pub mod marks;
mod print;
mod read;
pub mod settings;
mod source;
mod toml_text;

use self::block::{Block as _, Entry, block};
use self::codec::{Blocks, Hash, Table, ThenDigest, with_computed};
use self::levels::{Accepted, LevelsSection};
use self::print::{Spelled, block_text};

pub use connection::{
    Endpoint, HttpAddress, PostgresAddress, SecretRef, SourceEndpoint, SslMode, Template, TlsFiles,
    UrlEndpoint, UserName,
};
pub use docs::docs;
pub use field::{FieldPlan, FieldSource, JoinPair};
pub use fingerprint::{edges_fingerprint, field_json, index_fingerprint};
pub use index::{ColumnFact, DocumentIdForm, Edge, IndexPlan, KeyColumn, Node, OnError, ROOT_PATH};
pub use levels::{Acceptance, LintLevel};
pub use read::{ReadError, read, read_index};
pub use source::{Compression, Identity, Manage, OpenSearchPlan, SinkKind, SinkPlan, SourcePlan, TablePlan};

/// The newest version of the format, and the one that is written.
pub const LOCK_VERSION: u32 = 3;

/// The first line of every lock.
const COMMENT: &str =
    "# Written by `flusso compile` from flusso.yml and indexes/*.yml. Change those, not this file.";

block! {
    /// The header and every block behind it. `lock_version` is its first key.
    pub struct Lock: "the lock" {
        /// Name of the project: prefixes the slot, the publication and the state.
        pub project: String,
        /// Hash of the project file without `sinks`, as it was parsed.
        pub inputs: String as ThenDigest<Hash>,
        /// Findings about the source and the sinks that a comment in the project file accepts, sorted.
        pub accepted: Vec<Acceptance> as Accepted,
        /// Levels of lints that the project changed, by name: raised ones too.
        pub levels: BTreeMap<String, LintLevel> as LevelsSection,
        /// Where changes come from.
        pub source: SourcePlan as Table,
        /// Where documents go, sorted by name; none means stdout.
        pub sinks: Vec<SinkPlan> ["sink"] as Blocks,
        /// Every captured table, sorted by name.
        pub tables: Vec<TablePlan> ["table"] as Blocks,
        /// Every index, sorted by name; at least one.
        pub indexes: Vec<IndexPlan> ["index"] as Blocks,
    }
}

impl Lock {
    /// Digest of the whole file as the state records it: SHA-256, 16 hexadecimal digits.
    pub fn digest(&self) -> String {
        crate::hash::short_hash(write(self))
    }
}

/// The lock's one spelling.
pub fn write(lock: &Lock) -> String {
    let mut header = vec![Entry::line("lock_version", LOCK_VERSION.into())];
    let mut texts = Vec::new();
    for entry in lock.entries() {
        match entry.spelled {
            Spelled::Blocks(blocks) => {
                texts.extend(blocks.iter().map(|block| whole_block(&entry.name, block)))
            }
            _ => header.push(entry),
        }
    }
    texts.insert(0, block_text(COMMENT, "", &header));
    texts.join("\n")
}

/// The one `[[index]]` block with its nodes and edges, as it is in the lock.
pub fn index_text(index: &IndexPlan) -> String {
    whole_block("index", &with_computed(index))
}

/// A block with its head, sealed.
fn whole_block(name: &str, entries: &[Entry]) -> String {
    block_text(&format!("[[{name}]]"), name, entries)
}
