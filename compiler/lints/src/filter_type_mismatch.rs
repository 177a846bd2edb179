//! `filter-type-mismatch`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "filter-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
