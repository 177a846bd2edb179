//! `sql-expression-unstable`: an `sql` expression can change its value while its row stays as it is.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "sql-expression-unstable",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "An `sql` expression can change its value while its row stays as it is.",
    why: "\
Documents are computed again when a row changes, and nothing else. What depends on the clock, a setting of the \
session, another table or the place where a row is stored becomes stale, and nothing in the database says when. Decide \
it in the query, keep it in a column that a job updates, or declare a function `immutable` that depends on its \
arguments only.",
    example: None,
};
