//! `always-false-filter`: a condition holds for no row, or a list in it names nothing.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
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

/// A column that is NOT NULL, compared with null. The note says what the column is, where it is known.
pub fn never_null(column: &str, note: Option<String>, place: Place) -> Diagnostic {
    correct(LINT.at(place, format!("`{column}` is never null, so no row can match")), note)
}

/// Tests of one column that exclude each other.
pub fn contradiction(column: &str, note: Option<String>, place: Place) -> Diagnostic {
    let message = format!("no value of `{column}` passes all of its tests, so no row can match");
    correct(LINT.at(place, message), note)
}

fn correct(mut found: Diagnostic, note: Option<String>) -> Diagnostic {
    found.notes.extend(note);
    found.help("correct the values, or remove the test")
}
