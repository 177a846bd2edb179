//! `sql-expression-unstable`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "sql-expression-unstable",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
