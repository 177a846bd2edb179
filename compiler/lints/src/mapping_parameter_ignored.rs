//! `mapping-parameter-ignored`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "mapping-parameter-ignored",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
