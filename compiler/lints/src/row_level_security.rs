//! `row-level-security`: row security hides rows from the role.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::statements;

/// Public because an expression that was refused by row security is not reported again.
pub static LINT: Lint = Lint {
    name: "row-level-security",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Row level security hides rows of a captured table from the role.",
    why: "\
A hidden row looks like a deleted one, so its document would be deleted from the index. Our sessions turn \
`row_security` off, which makes Postgres refuse such a query instead of hiding rows.",
    example: None,
};

/// Policies apply to the role.
pub fn finding(role: &str, table: &TableName) -> Finding {
    LINT.live(format!(
        "rows of `{table}` that row security hides from role `{role}` would be deleted from the index"
    ))
    .about(format!("table:{table}"))
    .with_help(format!("run `{}`", statements::bypass_row_security(role)))
}
