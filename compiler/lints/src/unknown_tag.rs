//! `unknown-tag`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unknown-tag",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
