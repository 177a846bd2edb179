//! `relied-on-column-changed`: a column that the lock relies on is not as it was when the lock was made.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "relied-on-column-changed",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::State,
    exit: Exit::Drift,
    summary: "A column that the lock relies on is not as it was when the lock was made.",
    why: "\
The queries and conversions in the lock were checked against the catalog of that time. With another type, a dropped \
NOT NULL or a dropped index they can fail, or give other documents. Run `flusso compile` against this database, review \
what changed in the lock, then run `flusso apply`.",
    example: None,
};

/// What the lock relies on and the catalog no longer shows, in words.
pub fn finding(difference: String) -> Finding {
    LINT.live(difference).with_help("run `flusso compile` against this database, then `flusso apply`")
}
