//! `wal-level-not-logical`: the server's log does not say which rows changed.

use crate::prelude::*;
use crate::source::statements::LOGICAL_WAL;

pub(crate) static LINT: Lint = Lint {
    name: "wal-level-not-logical",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The server's `wal_level` is not `logical`, so no change of a row can be followed.",
    why: "\
With `replica` or `minimal` Postgres writes no row changes that logical decoding could read, and no replication slot \
can be created. Changing it needs a restart of the server. Managed services have a switch of their own: \
`rds.logical_replication` on Amazon RDS, the flag `cloudsql.logical_decoding` on Cloud SQL, the server parameter \
`wal_level` on Azure.",
    example: None,
};

/// The setting is `level`.
pub fn finding(level: &str) -> Finding {
    LINT.live(format!("`wal_level` is `{level}`: Postgres keeps no row changes, so none can be followed"))
        .about("server")
        .with_help(format!(
            "run `{LOGICAL_WAL}` and restart the server (on Amazon RDS set `rds.logical_replication` to 1)"
        ))
}
