//! `no-free-slot`: every replication slot of the server is in use.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-free-slot",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Every replication slot of the server is in use, so flusso cannot create its own.",
    why: "\
`max_replication_slots` counts the whole cluster, other databases included. An inactive slot that nobody needs \
also keeps WAL on the primary's disk: look for it in `pg_replication_slots` before raising the limit, which \
needs a restart.",
    example: None,
};

/// All `most` slots are in use.
pub fn finding(most: u64) -> Finding {
    LINT.live(format!("the server's limit of {} is reached, so flusso cannot create its own", counted(most as usize, "replication slot")))
        .about("server")
        .with_help("drop a slot that nobody needs (`select slot_name from pg_replication_slots where not active`), or raise `max_replication_slots` and restart")
}
