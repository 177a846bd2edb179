//! `bulk-over-http-limit`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "bulk-over-http-limit",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
