//! `child-delete-unseen`: old rows do not say which documents they belong to.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "child-delete-unseen",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Old rows of a captured table lack a column that leads to its documents.",
    why: "\
When a row is deleted or moved, the change stream holds only the columns of the table's replica identity. \
Without the foreign key nobody can tell which document lost the row, and that document stays stale. A unique \
index that contains the column is much cheaper in WAL than `REPLICA IDENTITY FULL`.",
    example: None,
};

/// Old rows hold `holds` and lack `lacks`; `indexes` show the table's rows.
pub fn finding(
    table: &TableName,
    holds: &[&str],
    lacks: &[&str],
    indexes: &[&str],
    statement: &str,
) -> Finding {
    let found = LINT
        .live(format!(
            "a deleted or moved row of `{table}` would leave documents stale: its old row holds {}, not {}",
            listed(holds, "and"),
            listed(lacks, "and")
        ))
        .about(format!("table:{table}"))
        .with_help(format!("let the owner run `{statement}`, or add `replica_identity` to `manage`"));
    match indexes {
        [] => found,
        indexes => found.with_note(format!("rows of `{table}` are part of {}", listed(indexes, "and"))),
    }
}
