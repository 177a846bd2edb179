//! `always-false-filter`: a condition holds for no row, or a list in it names nothing.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "always-false-filter",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A condition holds for no row, or a list in it names nothing.",
    why: "\
No row passes, so the index or the relation stays empty and nothing says why. The tests of one column exclude each \
other, or a column that is NOT NULL is compared with null, or a list of values is empty. Correct the values, or leave \
the test out.",
    example: None,
};

/// A list that names nothing; `so` says what follows from it.
pub fn empty_list(so: &str, help: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("empty list: {so}")).help(help)
}
