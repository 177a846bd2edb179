//! `cluster-version-unsupported`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "cluster-version-unsupported",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
