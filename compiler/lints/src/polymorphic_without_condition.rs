//! `polymorphic-without-condition`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "polymorphic-without-condition",
    level: Level::Deny,
    adjustable: true,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
