//! `enum-value-unknown`: the file names a label that the Postgres enum does not have.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "enum-value-unknown",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The file names a label that the Postgres enum does not have.",
    why: "\
Postgres refuses to compare with it, so the index could not be filled, and in `order` it sorts nothing. It is mostly a \
misspelling, or a label that was renamed. Write one of the labels that the finding lists.",
    example: None,
};
