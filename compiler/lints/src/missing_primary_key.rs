//! `missing-primary-key`: a table of an index has no primary key, and the file names no `key`.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "missing-primary-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A table of an index has no primary key, and the file names no `key`.",
    why: "\
The key of a row becomes the `_id` of its document, by which later changes find it. Without one a change would add a \
second document. Add a primary key, or write `key` with columns that are unique and NOT NULL.",
    example: None,
};

/// A table without a primary key, whose index names no key of its own.
pub fn finding(table: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{table}` has no primary key, so its documents have no `_id`"))
        .help("add a primary key, or write `key` with columns that are unique and not null")
}
