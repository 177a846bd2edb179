//! `skipped`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "skipped",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
