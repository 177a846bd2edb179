//! `polymorphic-without-condition`: a relation follows a column such as `owner_id` without testing the `owner_type` beside it.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "polymorphic-without-condition",
    level: Level::Deny,
    adjustable: true,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A relation follows a column such as `owner_id` without testing the `owner_type` beside it.",
    why: "\
The second column says to which table the first one refers. Without a test of it the numbers of other tables are taken \
for keys of this one, and documents show rows that belong to something else. Add the test with `when` or `where`; \
where the column has one value only, accept the finding with a comment.",
    example: None,
};

/// A column that references several tables, beside one that says which.
#[derive(Clone, Copy, Debug)]
pub struct Polymorphic<'a> {
    /// The table that has both columns.
    pub table: &'a str,
    /// The column that references.
    pub column: &'a str,
    /// The column that says which table.
    pub type_column: &'a str,
    /// The table that it would be joined to.
    pub other: &'a str,
    /// The key of the condition: `where` or `when`.
    pub key: &'a str,
}

/// It is joined without a condition.
pub fn finding(
    Polymorphic { table, column, type_column, other, key }: Polymorphic<'_>,
    place: Place,
) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "`{table}.{type_column}` says which table `{column}` references, so without a condition rows of other \
             tables would match `{other}`"
        ),
    )
    .help(format!("add `{key}: {{ {type_column}: … }}` with its value for that table"))
}
