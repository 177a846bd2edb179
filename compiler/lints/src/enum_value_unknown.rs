//! `enum-value-unknown`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "enum-value-unknown",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
