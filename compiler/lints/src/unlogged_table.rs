//! `unlogged-table`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unlogged-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
