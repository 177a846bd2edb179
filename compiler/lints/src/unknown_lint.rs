//! `unknown-lint`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unknown-lint",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
