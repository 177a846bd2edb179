//! `polymorphic-without-condition`: a relation follows a column such as `owner_id` without testing the `owner_type` beside it.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
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
