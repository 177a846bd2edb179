//! `publication-row-filter`: the publication hides rows.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "publication-row-filter",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The publication has a row filter on a captured table, so rows would be missing from documents.",
    why: "\
A `WHERE` in a publication hides changes of rows from everybody who reads it. Which rows are documents is said \
under `where:` in the index file; there a row that leaves the filter is deleted from the index.",
    example: None,
};

/// The publication has a `WHERE` for the table.
pub fn finding(publication: &str, table: &TableName, statement: &str) -> Finding {
    LINT.live(format!(
        "publication `{publication}` hides rows of `{table}`: their changes would never arrive"
    ))
    .about(format!("table:{table}"))
    .with_help(format!("run `{statement}` to remove the `WHERE` from the publication"))
}
