//! `malformed-suppression`: a comment is meant for flusso, but is not written as one that accepts a finding.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "malformed-suppression",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A `# flusso:` comment is not written as `# flusso: allow(lint) reason`.",
    why: "\
The only comment that flusso reads is `# flusso: allow(lint) reason`. A misspelling of it would be skipped like any \
other comment, while the file says that a finding was accepted.",
    example: Some(Example {
        bad: "  # flusso: allow lossy-kind weights are only shown\n  weight: { kind: float, column: weight_kg }",
        good: "  # flusso: allow(lossy-kind) weights are only shown\n  weight: { kind: float, column: weight_kg }",
    }),
};

/// A comment, and the lint that it names or comes near to.
pub fn finding(lint: Option<&str>, place: Place) -> Diagnostic {
    let lint = lint.unwrap_or("lint");
    LINT.at(place, "malformed comment for flusso, so it has no effect")
        .help(format!("write `# flusso: allow({lint}) reason`"))
}
