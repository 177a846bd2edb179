//! `unordered-limit`: a list is cut by `limit` and has no order.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unordered-limit",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A list is cut by `limit` and has no order.",
    why: "\
Which rows are left would be chance: Postgres gives them as it finds them, and two runs differ. Without `order_by` the \
primary key decides, and this table has none. Add `order_by`.",
    example: None,
};

/// A list that is cut, over a table without a primary key.
pub fn finding(table: &str, limit: u64, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "`limit: {limit}` without an order keeps any rows of `{table}`, which has no primary key to order by"
        ),
    )
    .help("add `order_by`")
}
