//! What flusso says of its work, in the one form that compiler, runtime and command line share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::Change;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Shown on request only.
    Allow,
    /// Shown; fails only under `--deny-warnings`.
    Warn,
    /// Fails the check, so that no lock is written.
    Deny,
}

/// One finding as `--format json` prints it: one object a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The lint's name, kebab-case, named for the bad thing.
    pub lint: String,
    /// How serious it is.
    pub level: Level,
    /// What is wrong and what follows; understandable without the labels.
    pub message: String,
    /// The remedy, one imperative.
    pub help: Option<String>,
    /// Places in files, the primary one first; none for a finding about a live system.
    pub labels: Vec<Label>,
    /// What the live system says.
    pub notes: Vec<String>,
    /// An edit that settles it, where one is certain.
    pub fix: Option<Fix>,
    /// What of the live systems it is about (`table:shop.orders`, `sink:search`, `server`), where it is about
    /// one.
    pub about: Option<String>,
}

impl Finding {
    /// The same about a part of the live systems: `table:shop.orders`, `server`.
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.about = Some(what.into());
        self
    }

    /// The same with a remedy.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with one more note.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// The file, relative to the project's folder.
    pub file: String,
    /// Line of the first character, from 1.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Line of the last character, from 1.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
    /// First byte, from 0.
    pub byte_start: usize,
    /// Byte after the last.
    pub byte_end: usize,
    /// Whether this is the place the finding is about.
    pub primary: bool,
    /// What is to be seen there.
    pub text: String,
}

/// An edit of one file: the bytes from `byte_start` to `byte_end` become `replacement`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The file, relative to the project's folder.
    pub file: String,
    /// First byte, from 0.
    pub byte_start: usize,
    /// Byte after the last.
    pub byte_end: usize,
    /// The text that replaces these bytes.
    pub replacement: String,
}

/// The last object of `--format json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Number of findings at level deny.
    pub deny: usize,
    /// Number of findings at level warn.
    pub warn: usize,
    /// Checks that were not made.
    pub skipped: usize,
    /// Files that were read.
    pub files: usize,
}

/// What an apply will do, shown before it does it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplyPlan {
    /// Changes in the source (publication, slot, replica identities), in order, each in words with
    /// its statement.
    pub source: Vec<SourceChange>,
    /// State indexes that are created, in the sinks that have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateStep>,
    /// One step an index and sink.
    pub steps: Vec<IndexStep>,
}

/// A state index that is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateStep {
    /// Name of the sink.
    pub sink: String,
    /// Name of the index.
    pub index: String,
}

/// One change in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceChange {
    /// What it does, such as `creates replication slot`, with the names.
    pub what: String,
    /// The SQL statement as it is sent.
    pub statement: String,
}

/// What happens to one index in one sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexStep {
    /// Name of the index.
    pub index: String,
    /// Name of the sink.
    pub sink: String,
    /// What apply does with it.
    pub action: Action,
    /// The concrete index it is about, where there is one.
    pub generation: Option<String>,
    /// Rows of the root table as the source estimates them; `None` if it does not know.
    pub rows_estimated: Option<u64>,
    /// Why, where that is not plain.
    pub reason: Option<String>,
    /// What differs from the plan that the generation was built by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// What apply does to an index in a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// There is no generation yet: one is created and filled.
    Create,
    /// A generation is being filled: it is resumed.
    Resume,
    /// It is live and what it means is the same.
    Unchanged,
    /// The same, and an alias of it that someone removed is put back.
    Alias,
    /// Dynamic settings change in place.
    Settings,
    /// The mapping grows in place and every document is sent again.
    Extend,
    /// Every document is sent again.
    Refill,
    /// A new generation replaces the live one.
    Rebuild,
    /// It is in the state but no longer in the lock, and applications may read it.
    Retire,
    /// It is no longer in the lock, and was never live: what was begun of it is removed.
    Drop,
}

impl Action {
    /// Whether this version of flusso carries it out; any other is shown and refused.
    pub fn is_supported(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Resume
                | Self::Unchanged
                | Self::Alias
                | Self::Settings
                | Self::Rebuild
                | Self::Drop
        )
    }

    /// Whether the generation of the step is fed on, not another one.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Resume | Self::Unchanged | Self::Alias | Self::Settings)
    }
}
