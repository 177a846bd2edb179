//! `unusable-replica-identity`: publishing the table would break the application.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unusable-replica-identity",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A captured table has no replica identity that can be used, so publishing it would make updates and deletes fail.",
    why: "\
Postgres refuses every UPDATE and DELETE on a published table without a replica identity: the application \
fails, not flusso. Give the table a primary key, or set an identity before it is published. With \
`replica_identity` in `manage`, `flusso apply` sets it first.",
    example: None,
};

/// The table has no usable identity, and flusso may not set one.
pub fn none(table: &TableName, statement: &str) -> Finding {
    LINT.live(format!(
        "publishing `{table}` would make every update and delete on it fail in your application: it has no usable \
         `REPLICA IDENTITY`"
    ))
    .about(format!("table:{table}"))
    .with_help(format!("let the owner run `{statement}`, or add `replica_identity` to `manage`"))
}

/// The identity that the lock wants cannot be set any more; `why` is in words.
pub fn obstacle(table: &TableName, why: &str) -> Finding {
    LINT.live(format!("the `REPLICA IDENTITY` that the lock needs for `{table}` cannot be set: {why}"))
        .about(format!("table:{table}"))
        .with_help("run `flusso compile` against this database")
}
