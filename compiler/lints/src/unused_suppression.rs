//! `unused-suppression`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unused-suppression",
    level: Level::Warn,
    adjustable: true,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
