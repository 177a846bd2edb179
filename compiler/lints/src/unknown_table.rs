//! `unknown-table`: the file names a table that does not exist.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "unknown-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The file names a table that does not exist.",
    why: "\
There are no rows to read, so no query for the index can be made. It is mostly a misspelling, or the table is in \
another schema than `schema` says. Write its schema in front of the name, or create the table first.",
    example: None,
};
