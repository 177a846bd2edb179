//! `relied-on-column-changed`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "relied-on-column-changed",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::State,
    exit: Exit::Drift,
    summary: "",
    why: "",
    example: None,
};
