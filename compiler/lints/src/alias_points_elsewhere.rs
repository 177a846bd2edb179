//! `alias-points-elsewhere`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "alias-points-elsewhere",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Drift,
    summary: "",
    why: "",
    example: None,
};
