//! `always-false-filter`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "always-false-filter",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
