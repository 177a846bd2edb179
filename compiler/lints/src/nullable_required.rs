//! `nullable-required`: a field is `required`, and its value may be missing.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "nullable-required",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A field is `required`, and its value may be missing.",
    why: "\
`required` promises that the field always has a value. Here a row may have null, or no \
related row. Make the columns NOT NULL and the foreign key valid, write a `default`, or leave `required` out.",
    example: None,
};
