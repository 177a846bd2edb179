//! `alias-missing`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "alias-missing",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::State,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
