//! `role-cannot-replicate`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "role-cannot-replicate",
    level: Level::Deny,
    adjustable: true,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
