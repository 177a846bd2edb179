//! `sql-expression-invalid`: an `sql` expression is not one expression over a row that Postgres accepts.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "sql-expression-invalid",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "An `sql` expression is not one expression over a row that Postgres accepts.",
    why: "\
It is put into every query of its table, so the index could neither be filled nor be followed. It may hold one \
expression over the columns of the row: no statement, no comment, no aggregate or window function. The note has the \
words of Postgres.",
    example: None,
};
