//! `always-false-filter`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "always-false-filter",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};

/// A list that names nothing; `so` says what follows from it.
pub fn empty_list(so: &str, help: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("empty list: {so}")).help(help)
}
