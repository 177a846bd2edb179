//! `publication-column-list`: the publication sends only some columns.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::quote::identifier;

pub(crate) static LINT: Lint = Lint {
    name: "publication-column-list",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The publication has a column list for a captured table.",
    why: "\
A column list saves network, not WAL. If the table's key moves to a column outside the list, or another \
consumer sets `REPLICA IDENTITY FULL`, every UPDATE and DELETE of the application on that table fails. The \
statement has to name every table of the publication, because those that it leaves out are dropped from it.",
    example: None,
};

/// The publication has a column list for the table.
pub fn finding(publication: &str, table: &TableName) -> Finding {
    LINT.live(format!(
        "publication `{publication}` sends only some columns of `{table}`: a later change of its replica identity makes \
         every update on it fail in your application"
    ))
    .about(format!("table:{table}"))
    .with_help(format!(
        "run `alter publication {} set table …` with every table of the publication and no column lists, or add \
         `publication` to `manage`",
        identifier(publication)
    ))
}
