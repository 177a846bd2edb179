//! `missing-primary-key`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "missing-primary-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
