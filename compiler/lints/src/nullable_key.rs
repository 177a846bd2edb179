//! `nullable-key`: a column of the key can be null.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::quote::{identifier, quoted};

pub(crate) static LINT: Lint = Lint {
    name: "nullable-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A column of the key can be null.",
    why: "\
A row whose key is null has no `_id`, so it cannot have a document, and it would be missing from the index without a \
word. Set the column NOT NULL, or name another key.",
    example: None,
};

/// A column of a key; `short` is what the reader calls the table.
pub fn finding(table: &TableName, short: &str, column: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{short}.{column}` can be null, and a row without a key has no document"))
        .help(format!("run `alter table {} alter column {} set not null`", quoted(table), identifier(column)))
}
