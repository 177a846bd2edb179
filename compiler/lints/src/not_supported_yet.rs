//! `not-supported-yet`: something is part of the language and not built.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "not-supported-yet",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A key, value or kind is part of the language, but this version does not support it.",
    why: "\
The word is reserved, so a later version can give it its meaning without changing what existing files mean. Until \
then flusso refuses it instead of ignoring it. Remove it, or use the next best thing: another kind, or an expression \
under `sql`.",
    example: Some(Example { bad: "document_id: hash", good: "document_id: key" }),
};

/// A table that `what` (`is partitioned`).
pub fn table(table: &TableName, what: &str) -> Finding {
    LINT.live(format!("`{table}` {what}: that is not supported in this version"))
        .about(format!("table:{table}"))
        .with_help("leave the table out until a later version supports it")
}

/// `what` is the thing with its backticks: `kind `map``.
pub fn finding(what: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("{what} is not supported yet")).help("remove it")
}
