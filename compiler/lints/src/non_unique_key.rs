//! `non-unique-key`: the columns of `key` are not unique.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "non-unique-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The columns of `key` are not unique.",
    why: "\
Two rows would have one `_id`, so each would overwrite the other's document, and deleting one would remove both. Name \
columns that a unique index covers: one without a condition, which is not deferrable.",
    example: None,
};

/// The columns of `key` together; `place` is the first.
pub fn finding(table: &str, columns: &[&str], place: Place) -> Diagnostic {
    let columns = listed(columns, "and");
    LINT.at(
        place,
        format!("two rows of `{table}` may have the same {columns}, and would overwrite each other"),
    )
    .note(format!("no unique index of `{table}` covers it, or only a deferrable one"))
    .help("name columns that a unique index covers")
}
