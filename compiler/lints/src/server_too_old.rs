//! `server-too-old`: the server misses a fix that following needs.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "server-too-old",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The Postgres server is older than the oldest version that can be followed safely.",
    why: "\
Servers before 15.13, 16.9 and 17.5 can leave out changes of a table that is added to a publication while a \
transaction is open: the documents would stay stale and nothing would say so. Postgres 14 and older cannot \
publish what flusso needs at all. A minor update needs a restart only.",
    example: None,
};

/// The server is `version`; `minimum` is the oldest of its major version that can be followed, or the oldest of all.
pub fn finding(version: u32, minimum: &str) -> Finding {
    let (major, minor) = (version / 10_000, version % 10_000);
    let message = format!(
        "Postgres {major}.{minor} is too old to be followed: it can leave out changes of a table that is added to a \
         publication"
    );
    LINT.live(message).about("server").with_help(format!("update the server to {minimum} or later"))
}
