//! `generated-identity`: the old row would lack a generated column.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "generated-identity",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A generated column leads from a row to its documents, and the change stream leaves it out.",
    why: "\
Generated columns are not part of the change stream before Postgres 18. An update or delete would arrive \
without the value that says which documents it belongs to.",
    example: None,
};

/// `column` is generated and needed in old rows.
pub fn finding(table: &TableName, column: &str) -> Finding {
    LINT.live(format!("updates and deletes of `{table}` arrive without `{column}`: it is a generated column"))
        .about(format!("table:{table}"))
        .with_help("join by columns that are stored as they are written")
}
