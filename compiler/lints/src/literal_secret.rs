//! `literal-secret`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "literal-secret",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
