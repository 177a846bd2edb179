//! `filter-type-mismatch`: a condition compares a column with a value or by an operator that does not fit its type.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "filter-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A condition compares a column with a value or by an operator that does not fit its type.",
    why: "\
Postgres would refuse the query, at once or at the first row that it reads, and the index could not be filled. Or the \
value is ambiguous: a time without an offset is another moment in every session. Write a value of the column's type, \
another operator, or an expression with `sql`.",
    example: None,
};
