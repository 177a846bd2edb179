//! What the project decided about lints: levels it changed, and single findings it accepts.
//!
//! They travel in the lock so that `apply` and `run` judge a live system as `check` did.

use super::Lock;
use crate::report::{Finding, Level};

/// The level that a project gave a lint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintLevel {
    /// The level instead of the lint's own.
    pub level: Level,
    /// Why, where the project says it.
    pub reason: Option<String>,
}

/// One finding that a comment accepts: `# flusso: allow(lossy-kind) reason`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acceptance {
    /// The lint's name.
    pub lint: String,
    /// What the finding is about: `table:shop.orders`, `column:shop.orders.id`, `index:orders`, `sink:search`
    /// or `server`.
    pub about: String,
    /// The reason that the comment gives.
    pub reason: String,
}

/// The levels as the lock spells them.
pub(super) const LEVELS: [(&str, Level); 3] =
    [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)];

impl Lock {
    /// A finding about a live system at the level that the project gave its lint; none where the project
    /// allows the lint or accepts this finding.
    pub fn judge(&self, finding: Finding) -> Option<Finding> {
        let level = self.levels.get(&finding.lint).map_or(finding.level, |changed| changed.level);
        let mut accepted = self.accepted.iter().chain(self.indexes.iter().flat_map(|index| &index.accepted));
        let is_accepted =
            accepted.any(|each| each.lint == finding.lint && Some(&each.about) == finding.about.as_ref());
        (level != Level::Allow && !is_accepted).then_some(Finding { level, ..finding })
    }
}
