//! What a lint is: its name, its level, what it needs to know, and its page.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use flusso_schemas::report::{Finding, Level};

use crate::diagnostic::{Diagnostic, Place};

/// One lint: the `LINT` of the file that is named for it, beside every message that it can give. All are in
/// [`ALL`](crate::ALL), where the product looks them up.
#[derive(Debug)]
pub struct Lint {
    /// Kebab-case, named for the bad thing, so that `allow(<name>)` reads well.
    pub name: &'static str,
    /// The level where the project sets none.
    pub level: Level,
    /// Whether the level is the project's to set. It is not where no right lock can exist, or where the
    /// runtime refuses the same thing for certain.
    pub adjustable: bool,
    /// Where it is listed.
    pub group: Group,
    /// What must be known to judge it.
    pub needs: Needs,
    /// Exit code of a command that it stops.
    pub exit: Exit,
    /// One sentence that makes sense on its own, for lists of lints.
    pub summary: &'static str,
    /// Why it matters: the consequence, and what to do instead. Markdown.
    pub why: &'static str,
    /// A few lines that have it and the nearest lines that do not; none for the state of a live system.
    pub example: Option<Example>,
}

/// Lines that have a lint, and the nearest lines that do not. A test finds both in the lint's fixture, where they are
/// compiled.
#[derive(Debug)]
pub struct Example {
    /// Lines of `fixtures/lints/<name>/bad.yml` (or its `flusso.yml`).
    pub bad: &'static str,
    /// Lines of `fixtures/lints/<name>/good.yml` (or `good-flusso.yml`).
    pub good: &'static str,
}

/// A group of lints, in the order of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The files themselves: YAML, keys, values.
    Reading,
    /// Names, kinds and types.
    Types,
    /// Joins, conditions and aggregates.
    Relations,
    /// Following changes: server, role, publication, slot, replica identity.
    Capture,
    /// The index server and its indexes.
    Target,
    /// Secrets, levels and suppressions.
    Hygiene,
}

/// What must be known to judge a lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// The project's files, without any server.
    Config,
    /// The catalog of the source.
    Catalog,
    /// The index server, as it is now.
    Target,
    /// What flusso recorded when it ran.
    State,
}

/// Exit code of a command that a finding stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Exit code 1: the project has to be changed.
    Findings,
    /// Exit code 4: the world is not what the lock says. Drift wins over findings.
    Drift,
    /// Exit code 1 whatever its level, and no lock: something was not judged that may be wrong.
    Incomplete,
    /// Exit code 3 where changes are followed: it may pass by itself, so trying again may help.
    Unreachable,
}

impl Lint {
    /// A finding at a place of a file, at the lint's own level.
    pub(crate) fn at(&'static self, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(LintId(self), self.level, place, message.into())
    }

    /// A finding about a live system, at the lint's own level.
    pub(crate) fn live(&'static self, message: impl Into<String>) -> Finding {
        Finding {
            lint: self.name.to_owned(),
            level: self.level,
            message: message.into(),
            help: None,
            labels: Vec::new(),
            notes: Vec::new(),
            fix: None,
            about: None,
        }
    }

    /// Whether it has such a finding.
    pub fn is_of(&self, finding: &Finding) -> bool {
        self.name == finding.lint
    }
}

/// A lint by its identity. Two are equal where their names are.
#[derive(Clone, Copy, Debug)]
pub struct LintId(pub &'static Lint);

impl Deref for LintId {
    type Target = Lint;

    fn deref(&self) -> &Lint {
        self.0
    }
}

impl fmt::Display for LintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for LintId {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for LintId {}

impl PartialEq<Lint> for LintId {
    fn eq(&self, other: &Lint) -> bool {
        self.name == other.name
    }
}

impl PartialOrd for LintId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LintId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}
