//! `unsupported-encoding`: the database does not know how its text is encoded.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unsupported-encoding",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The database is encoded as `SQL_ASCII`, so its text cannot be turned into JSON safely.",
    why: "\
With `SQL_ASCII` Postgres stores bytes without knowing what they mean, so a document could hold text that is \
not what the application wrote. Dump the database and restore it into one created with encoding `UTF8`.",
    example: None,
};

/// The database is encoded as `SQL_ASCII`.
pub fn finding(database: &str) -> Finding {
    LINT.live(format!(
        "database `{database}` does not know how its text is encoded, so no document can be built from it"
    ))
    .about("server")
    .with_note("its encoding is `SQL_ASCII`")
    .with_help("move the data to a database with encoding `UTF8`")
}
