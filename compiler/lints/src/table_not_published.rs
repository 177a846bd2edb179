//! `table-not-published`: a captured table is not in the publication.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "table-not-published",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The publication does not contain a captured table, so its changes would never arrive.",
    why: "\
Postgres sends changes of published tables only. With `publication` in `manage` (the default) `flusso apply` \
adds the table; otherwise the owner of the publication has to.",
    example: None,
};

/// The publication exists without the table.
pub fn finding(publication: &str, table: &TableName, statement: &str) -> Finding {
    LINT.live(format!(
        "changes of `{table}` would never arrive: publication `{publication}` does not contain it"
    ))
    .about(format!("table:{table}"))
    .with_help(format!("run `{statement}`, or add `publication` to `manage`"))
}

/// The publication does not exist.
pub fn none(publication: &str, statement: &str) -> Finding {
    LINT.live(format!("publication `{publication}` does not exist, so no change would arrive"))
        .about("server")
        .with_help(format!("run `{statement}`, or add `publication` to `manage`"))
}
