//! `publication-not-ours-to-change`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "publication-not-ours-to-change",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
