//! `to-one-not-unique`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "to-one-not-unique",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
