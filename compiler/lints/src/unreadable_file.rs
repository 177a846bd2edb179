//! `unreadable-file`: an index file cannot be read.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unreadable-file",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A file that a pattern under `indexes` matches cannot be read.",
    why: "\
Its index would silently be missing from the lock, and a later apply would take it for removed. Make the file \
readable, or write a pattern that does not match it.",
    example: None,
};

/// The file, and what the system says about it.
pub fn finding(path: &str, reason: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` cannot be read, so its index would be left out: {reason}"))
        .help("make the file readable, or change the pattern so that it does not match")
}
