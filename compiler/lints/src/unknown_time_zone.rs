//! `unknown-time-zone`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unknown-time-zone",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
