//! `unordered-limit`: a list is cut by `limit` and has no order.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
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
