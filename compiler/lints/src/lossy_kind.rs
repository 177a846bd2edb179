//! `lossy-kind`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "lossy-kind",
    level: Level::Warn,
    adjustable: true,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
