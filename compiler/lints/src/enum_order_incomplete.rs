//! `enum-order-incomplete`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "enum-order-incomplete",
    level: Level::Deny,
    adjustable: true,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
