//! `template-interferes`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "template-interferes",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
