//! `no-free-wal-sender`: every walsender of the server is in use.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-free-wal-sender",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Every walsender of the server is in use, so no change could be read.",
    why: "\
Each standby, backup and follower holds one of `max_wal_senders`. End a replication that nobody needs, or \
raise the limit, which needs a restart.",
    example: None,
};

/// All `most` walsenders are in use.
pub fn finding(most: u64) -> Finding {
    LINT.live(format!("the server's limit of {} is reached, so no change could be read", counted(most as usize, "walsender")))
        .about("server")
        .with_help("end a replication that nobody needs (`select * from pg_stat_replication`), or raise `max_wal_senders` and restart")
}
