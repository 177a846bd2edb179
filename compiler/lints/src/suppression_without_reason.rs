//! `suppression-without-reason`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "suppression-without-reason",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
