//! `no-foreign-key`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "no-foreign-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};
