//! `unsupported-key`: a column of the key has a type that cannot be an `_id`.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unsupported-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A column of the key has a type that cannot be an `_id`.",
    why: "\
An `_id` is a text, and one row must always have the same one. Lists, numbers with several spellings (`1.0` and \
`1.00`) and texts that compare as equal though they differ would give a row two documents. Write `key` with another \
unique column.",
    example: None,
};

/// A column of a key; `why` follows the type: `is a list`.
pub fn finding(table: &str, column: &str, pg_type: &str, why: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{table}.{column}` cannot be a key: `{pg_type}` {why}"))
        .help("write `key` with another unique column")
}
