//! `refused-query`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "refused-query",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
