//! `enum-order-incomplete`: `order` does not name every label of the Postgres enum.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "enum-order-incomplete",
    level: Level::Deny,
    adjustable: true,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "`order` does not name every label of the Postgres enum.",
    why: "\
`order` decides how documents sort. Rows with a label that it does not name sort after all others, so queries \
that sort by the field get a wrong order. A label that was added to the enum later has the same effect until it is \
named here.",
    example: None,
};

/// Labels of the column's type that `order` does not name.
pub fn finding(missing: &[&String], place: Place) -> Diagnostic {
    LINT.at(place, format!("`order` lacks {}, so they would sort last", listed(missing, "and")))
        .help(format!("add {} to `order`", listed(missing, "and")))
}
