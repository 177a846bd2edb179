//! `tls-verification-off`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "tls-verification-off",
    level: Level::Warn,
    adjustable: true,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
