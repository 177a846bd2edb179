//! `default-type-mismatch`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "default-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
