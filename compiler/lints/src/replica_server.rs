//! `replica-server`: the connection leads to a standby.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "replica-server",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Unreachable,
    summary: "The connection leads to a standby, and changes are followed on the primary.",
    why: "\
A standby replays the primary's log with a delay, so it may show older rows than the changes say, and a \
publication or slot cannot be created there. Connect to the primary; behind a load balancer, use the address \
for writes.",
    example: None,
};

/// The server is in recovery.
pub fn finding() -> Finding {
    LINT.live("the server is a standby: it can show older rows than the changes that the primary sends")
        .about("server")
        .with_help("connect to the primary: change the host in `source.postgres`")
}
