//! `to-one-not-unique`: a relation to one row may find several.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "to-one-not-unique",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A relation to one row may find several.",
    why: "\
No unique index limits it to one, so it is chance which row the document shows, and it may change without a change in \
the database. Write `order_by` to say which one is meant, `has_many` for all of them, or add the unique index.",
    example: None,
};
