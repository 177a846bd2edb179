//! `through-names-target`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "through-names-target",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
