//! `nullable-required`: a field is `required`, and its value may be missing.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "nullable-required",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A field is `required`, but its value may be missing.",
    why: "\
`required` promises that the field always has a value. Here a row may have null, or no \
related row. Make the columns NOT NULL and the foreign key valid, write a `default`, or remove `required`.",
    example: None,
};

/// A value that may be null and has no `default`.
pub fn value(place: Place) -> Diagnostic {
    LINT.at(place, "`required` does not hold: the value may be null")
        .help("make the column NOT NULL, write a `default`, or remove `required`")
}

/// A related row that may not be there.
pub fn related_row(place: Place) -> Diagnostic {
    LINT.at(place, "`required` does not hold: a row may have no related row")
        .note("`required` needs a validated foreign key with NOT NULL columns, without `where` and `when`")
        .help("remove `required`")
}
