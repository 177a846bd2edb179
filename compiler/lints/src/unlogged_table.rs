//! `unlogged-table`: the table writes no WAL.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::statements;

pub(crate) static LINT: Lint = Lint {
    name: "unlogged-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A captured table is unlogged, and Postgres refuses to publish unlogged tables.",
    why: "\
An unlogged table writes no WAL, so there is nothing to follow, and it is emptied when the server crashes. \
Making it logged rewrites it under a lock that blocks readers and writers.",
    example: None,
};

/// The table is unlogged.
pub fn finding(table: &TableName) -> Finding {
    LINT.live(format!("`{table}` is unlogged: Postgres refuses to publish it"))
        .about(format!("table:{table}"))
        .with_help(format!("run `{}`", statements::set_logged(table)))
}
