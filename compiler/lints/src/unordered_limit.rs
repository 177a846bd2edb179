//! `unordered-limit`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unordered-limit",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
