//! `malformed-suppression`: a comment is meant for flusso, but is not written as one that accepts a finding.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "malformed-suppression",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A comment that is meant to accept a finding is not written as `# flusso: allow(lint) reason`.",
    why: "\
The only comment that flusso reads is `# flusso: allow(lint) reason`. A misspelling of it would be skipped like any \
other comment, while the file says that a finding was accepted. Other comments may begin with `flusso:`: this is found \
where a verb such as `allow` or the name of a lint follows.",
    example: Some(Example {
        bad: "  # flusso: allow lossy-kind weights are only shown\n  weight: { kind: float, column: weight_kg }",
        good: "  # flusso: allow(lossy-kind) weights are only shown\n  weight: { kind: float, column: weight_kg }",
    }),
};

/// A comment, and the lint that it names or comes near to, if that can be accepted.
pub fn finding(lint: Option<&str>, place: Place) -> Diagnostic {
    let help = match lint {
        Some(lint) => format!("write `# flusso: allow({lint}) reason`"),
        None => "write `# flusso: allow(lossy-kind) reason` with the name of the lint to accept".to_owned(),
    };
    LINT.at(place, "malformed `# flusso:` comment: it has no effect").help(help)
}
