//! `slot-lost`: Postgres removed WAL that the slot still needed.

use crate::prelude::*;
use crate::source::statements;

pub(crate) static LINT: Lint = Lint {
    name: "slot-lost",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The slot is lost: Postgres removed WAL that it still needed.",
    why: "\
`max_slot_wal_keep_size` was exceeded while nobody read the slot. Changes are missing for good, so every index \
has to be filled again.",
    example: None,
};

/// The slot's `wal_status` is `lost`.
pub fn finding(slot: &str) -> Finding {
    LINT.live(format!("slot `{slot}` is lost: Postgres removed WAL that it still needed, so changes are missing"))
        .about("server")
        .with_help(format!(
            "raise `max_slot_wal_keep_size` on the server, stop every flusso that uses slot `{slot}`, run `{}`, then `flusso apply`, \
             which names the state indexes to delete",
            statements::drop_slot(slot)
        ))
}
