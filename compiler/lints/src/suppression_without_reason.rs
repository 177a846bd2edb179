//! `suppression-without-reason`: a comment accepts a finding and does not say why.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "suppression-without-reason",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A comment accepts a finding without a reason.",
    why: "\
Whoever reads the file next year cannot tell whether the finding was understood or silenced, so a comment without a \
reason accepts nothing. Write the reason after the parenthesis; it is kept in the lock, where a review sees it.",
    example: Some(Example {
        bad: "  # flusso: allow(lossy-kind)\n  weight: { kind: float, column: weight_kg }",
        good: "  # flusso: allow(lossy-kind) weights are only shown\n  weight: { kind: float, column: weight_kg }",
    }),
};

/// The lint that the comment names.
pub fn finding(lint: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("no reason to accept `{lint}`, so the comment has no effect"))
        .help(format!("write `# flusso: allow({lint}) reason`"))
}
