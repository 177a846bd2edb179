//! The state of an alias in a sink, and of the indexes behind it.

use std::collections::BTreeSet;

use flusso_schemas::ownership::Ownership;

/// The thing that has the name of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasState {
    /// An alias over these concrete indexes, sorted by name; empty where nothing has the name.
    Targets(Vec<AliasTarget>),
    /// A concrete index has the name, so no alias can.
    Index,
}

/// A concrete index that an alias points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasTarget {
    /// Name of the concrete index.
    pub name: String,
    /// Who made it; `None` if nobody is known to.
    pub owner: Option<Owner>,
}

/// Who created a concrete index, as far as known: its mark may be missing or of another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the project.
    pub project: String,
    /// The index in its lock.
    pub index: Option<String>,
    /// The concrete index that it was made as: a clone carries the name of its original.
    pub generation: Option<String>,
    /// `<system identifier>/<database>` of the source.
    pub source: Option<String>,
}

impl From<Ownership> for Owner {
    fn from(mark: Ownership) -> Self {
        let Ownership { version: _, project, index, generation, source } = mark;
        Self { project, index: Some(index), generation: Some(generation), source: Some(source) }
    }
}

/// Properties of one concrete index beside its documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Who made it; `None` if it carries no mark of flusso.
    pub ownership: Option<Ownership>,
    /// Whether its own write alias points to it.
    pub has_write_alias: bool,
    /// Other aliases that point to it.
    pub aliases: BTreeSet<String>,
}
