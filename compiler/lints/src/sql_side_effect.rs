//! `sql-side-effect`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "sql-side-effect",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
