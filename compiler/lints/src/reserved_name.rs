//! `reserved-name`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "reserved-name",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
