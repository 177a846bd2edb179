//! `key-type-mismatch`: two columns that link tables have types that Postgres does not compare.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "key-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Two columns that link tables have types that Postgres does not compare.",
    why: "\
The join needs `referring = referred`, and Postgres has no such operator for these types without a cast, or one of the \
columns is a list. Give one of the columns the other's type, or name other columns with `via`.",
    example: None,
};
