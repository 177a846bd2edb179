//! The catalogue of lints: their names, and which of them a project may set to another level.

use crate::diagnostic::{Diagnostic, Level};

/// One lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its name, named for the bad thing.
    pub name: &'static str,
    /// Whether its level is the project's to set. Where it is not, no lock exists that would be right, or
    /// the runtime refuses it for certain.
    pub adjustable: bool,
    /// Its level where the project sets none.
    pub level: Level,
}

const fn error(name: &'static str) -> Lint {
    Lint { name, adjustable: false, level: Level::Deny }
}

const fn level(name: &'static str, level: Level) -> Lint {
    Lint { name, adjustable: true, level }
}

/// Every lint, sorted by name.
pub const ALL: &[Lint] = &[
    error("always-false-filter"),
    error("ambiguous-foreign-key"),
    error("anchor-bomb"),
    error("child-delete-unseen"),
    error("date-format-mismatch"),
    error("default-type-mismatch"),
    error("dotted-field"),
    error("duplicate-alias"),
    error("duplicate-index"),
    error("duplicate-key"),
    level("enum-order-incomplete", Level::Deny),
    error("enum-value-unknown"),
    error("filter-type-mismatch"),
    error("generated-identity"),
    error("inherited-table"),
    error("internal-error"),
    error("invalid-index-name"),
    error("key-type-mismatch"),
    error("kind-mismatch"),
    error("literal-secret"),
    level("lossy-kind", Level::Warn),
    level("mapping-parameter-ignored", Level::Warn),
    error("merge-key"),
    error("missing-key"),
    error("missing-primary-key"),
    error("missing-scale"),
    error("missing-select-privilege"),
    error("missing-value"),
    error("mutually-exclusive-keys"),
    error("name-too-long"),
    error("no-foreign-key"),
    error("no-index-file"),
    error("non-unique-key"),
    error("norway-value"),
    error("not-supported-yet"),
    error("nullable-key"),
    error("nullable-required"),
    level("polymorphic-without-condition", Level::Deny),
    error("publication-column-list"),
    error("publication-missing-operation"),
    error("publication-not-ours-to-change"),
    error("publication-row-filter"),
    error("refused-query"),
    error("relation-not-a-table"),
    error("replica-server"),
    error("reserved-field"),
    error("reserved-name"),
    error("reserved-setting"),
    level("role-cannot-replicate", Level::Deny),
    error("row-level-security"),
    error("server-too-old"),
    error("skipped"),
    error("sql-expression-invalid"),
    error("sql-expression-unstable"),
    error("sql-side-effect"),
    error("suppression-without-reason"),
    error("tab-indentation"),
    error("table-not-published"),
    error("through-names-target"),
    level("tls-verification-off", Level::Warn),
    error("to-one-not-unique"),
    error("unknown-column"),
    error("unknown-key"),
    error("unknown-kind"),
    error("unknown-lint"),
    error("unknown-mapping-parameter"),
    error("unknown-setting"),
    error("unknown-sink"),
    error("unknown-table"),
    error("unknown-tag"),
    error("unknown-time-zone"),
    error("unlogged-table"),
    error("unordered-limit"),
    error("unreadable-file"),
    error("unsupported-key"),
    error("unsupported-version"),
    error("unusable-replica-identity"),
    level("unused-suppression", Level::Warn),
    error("wal-level-not-logical"),
    error("wrong-direction"),
    error("wrong-type"),
    error("yaml-syntax"),
];

/// The lint of that name.
pub fn find(name: &str) -> Option<Lint> {
    ALL.iter().find(|lint| lint.name == name).copied()
}

/// Whether a finding rules out a lock whatever levels a project sets. Others are judged at their level once
/// all is found, and only then is it decided whether there is a lock.
pub(crate) fn rules_out_a_lock(diagnostic: &Diagnostic) -> bool {
    diagnostic.is_deny() && !is_adjustable(diagnostic.lint)
}

/// Whether a lint's level is the project's to set.
pub fn is_adjustable(name: &str) -> bool {
    find(name).is_some_and(|lint| lint.adjustable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_sorted_and_kebab_case() {
        let names: Vec<&str> = ALL.iter().map(|lint| lint.name).collect();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
