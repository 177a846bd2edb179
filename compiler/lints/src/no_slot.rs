//! `no-slot`: the slot does not exist and flusso may not create it.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-slot",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The replication slot does not exist, and `manage` does not let flusso create it.",
    why: "\
Following reads a logical replication slot. With `slot` in `manage` (the default) `flusso apply` creates it. A slot \
that something else created is not taken over: what was committed before its position is not known to be in \
the indexes.",
    example: None,
};

/// The slot does not exist, and `manage` leaves `slot` out.
pub fn finding(slot: &str) -> Finding {
    LINT.live(format!("slot `{slot}` does not exist, and `manage` does not let flusso create it"))
        .about("server")
        .with_help("add `slot` to `manage`: a slot that something else created is not taken over")
}
