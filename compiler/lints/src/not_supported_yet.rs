//! `not-supported-yet`.

use flusso_schemas::name::TableName;

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "not-supported-yet",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
};

/// A table that `what` (`is partitioned`).
pub fn table(table: &TableName, what: &str) -> Finding {
    LINT.live(format!("`{table}` {what}: that is not supported in this version"))
        .about(format!("table:{table}"))
        .with_help("leave the table out until a later version supports it")
}
