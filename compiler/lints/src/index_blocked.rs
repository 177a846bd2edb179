//! `index-blocked`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "index-blocked",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
