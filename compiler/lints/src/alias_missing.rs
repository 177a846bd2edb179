//! `alias-missing`: the alias of a live index does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "alias-missing",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::State,
    exit: Exit::Findings,
    summary: "The alias of a live index does not exist.",
    why: "\
Somebody removed it, so queries find nothing, while documents are still written to the generation behind it. `flusso \
apply` puts the alias back. Before an apply `check` only warns of it, since the lock is right.",
    example: None,
};

/// Nothing has the name of the alias.
pub fn finding(alias: &str) -> Finding {
    LINT.live(format!("alias `{alias}` does not exist: queries find nothing"))
        .with_help("run `flusso apply`: it puts the alias back")
}

/// The same before an apply. Only a warning, since the lock is right and `apply` puts the alias back.
pub fn before_apply(alias: &str) -> Finding {
    Finding { level: Level::Warn, ..finding(alias) }
}
