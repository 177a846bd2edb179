//! `wrong-direction`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "wrong-direction",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
