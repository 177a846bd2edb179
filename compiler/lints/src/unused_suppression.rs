//! `unused-suppression`: a comment accepts a finding that is not there.

use crate::prelude::*;

/// Public because a comment cannot accept this lint itself.
pub static LINT: Lint = Lint {
    name: "unused-suppression",
    level: Level::Warn,
    adjustable: true,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A comment accepts a finding that is not there.",
    why: "\
The cause was fixed, or the comment is on the wrong line: it covers its own line and, on a line of its own, the key or item below \
it with everything under that, over comments and blank lines between them. Left in place it would \
hide the finding when it comes back for another reason. Delete it.",
    example: Some(Example {
        bad: "  # flusso: allow(lossy-kind) weights are only shown\n  id: long",
        good: "fields:\n  id: long",
    }),
};

/// The lint that the comment names.
pub fn finding(lint: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unused comment: there is no `{lint}` finding here")).help("delete the comment")
}

/// A lint of the index server: its findings are about no line of a file, so no comment can accept one.
pub fn of_index_server(lint: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unused comment: `{lint}` is about the index server, not about a line of a file"))
        .help(format!("delete the comment and set the level of `{lint}` under `lints` in flusso.yml"))
}

/// This lint itself: a comment that accepts it would never be unused, and nothing would say that the other one is.
pub fn of_itself(place: Place) -> Diagnostic {
    let name = LINT.name;
    let message = format!("no comment can accept `{name}`: a comment that accepts nothing is to be deleted");
    LINT.at(place, message).help(format!(
        "delete this comment and the unused one, or set the level of `{name}` under `lints` in flusso.yml"
    ))
}
