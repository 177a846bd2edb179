//! `relation-not-a-table`: a view or another relation is captured instead of a table.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "relation-not-a-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The index names a view, a foreign table or another relation whose changes Postgres does not send.",
    why: "\
Logical replication sends changes of ordinary tables only. Name the table that the view reads, and write the \
view's logic as fields, `where` and `sql` of the index.",
    example: None,
};

/// The relation is `what` (`a view`).
pub fn finding(table: &TableName, what: &str, help: &str) -> Finding {
    LINT.live(format!("`{table}` is {what}: Postgres sends no changes for it"))
        .about(format!("table:{table}"))
        .with_help(help)
}
