//! Who made a concrete index: `_meta.flusso` of its mapping.

use serde::{Deserialize, Serialize};

/// Version of this mark.
pub const OWNERSHIP_VERSION: u32 = 1;

/// `_meta.flusso`. It is no part of a lock or fingerprint, and a comparison of two bodies ignores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// [`OWNERSHIP_VERSION`].
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
