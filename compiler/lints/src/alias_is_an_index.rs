//! `alias-is-an-index`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "alias-is-an-index",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
