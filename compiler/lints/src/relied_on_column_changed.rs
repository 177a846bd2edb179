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

/// What the lock relies on and the catalog no longer shows, in words.
pub fn finding(difference: String) -> Finding {
    LINT.live(difference).with_help("run `flusso compile` against this database, then `flusso apply`")
}
