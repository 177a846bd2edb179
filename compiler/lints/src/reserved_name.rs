//! `reserved-name`.

use flusso_schemas::name::TableName;

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "reserved-name",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};

/// The table's schema, name or a column looks like a placeholder of flusso's own queries.
pub fn table(table: &TableName, name: &str) -> Finding {
    LINT.live(format!(
        "`{name}` contains a placeholder of flusso's own queries, so no query can read `{table}`"
    ))
    .about(format!("table:{table}"))
    .with_help("give it a name without `{rows:` and `{range:`")
}
