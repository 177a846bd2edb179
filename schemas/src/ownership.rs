//! Who made a concrete index: `_meta.flusso` of its mapping.

use serde::{Deserialize, Serialize};

/// Version of this mark.
pub const OWNERSHIP_VERSION: u32 = 1;

/// `_meta.flusso`. Not part of a lock or a fingerprint, and ignored when bodies are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// [`OWNERSHIP_VERSION`] of the flusso that wrote it.
    pub version: u32,
    /// Name of the project.
    pub project: String,
    /// The index in its lock.
    pub index: String,
    /// The concrete index that it was made for: a clone carries the name of its original.
    pub generation: String,
    /// `<system identifier>/<database>` of the source.
    pub source: String,
}
