//! `invalid-index-name`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "invalid-index-name",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
