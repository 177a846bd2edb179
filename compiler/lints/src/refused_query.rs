//! `refused-query`: the server refuses a query that flusso wrote.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "refused-query",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Postgres refuses one of the queries that flusso generates for an index.",
    why: "\
Every query of a lock is prepared before the lock is written. A refusal that no other finding explains is a bug in \
flusso, not in the index file, and a lock with it could not be run. Please report it with the index file and the \
definitions of its tables; an expression under `sql` in place of the field often gets around it.",
    example: None,
};

/// The query in words, the index, and the server's own words.
pub fn finding(query: &str, index: &str, message: &str, sqlstate: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("internal error: Postgres refuses {query} of index `{index}`, so no lock is written"),
    )
    .note(format!("postgres: {message} ({sqlstate})"))
    .help("report it with this index file and the definitions of its tables")
}
