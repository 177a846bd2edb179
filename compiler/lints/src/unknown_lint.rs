//! `unknown-lint`: a level or a comment names a lint that does not exist or whose level is fixed.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-lint",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A level or a comment names a lint that does not exist, or one whose level is fixed.",
    why: "\
A misspelt name would leave the level as it is and the finding where it is, while the file says otherwise. The level \
of some lints is fixed, because no right lock can exist while they are found: fix the cause. `flusso lints` lists \
every name.",
    example: Some(Example {
        bad: "lints: { lossy-kinds: allow, unknown-column: warn }",
        good: "lints: { lossy-kind: allow }",
    }),
};

/// A name that no lint has, and the one that comes near.
pub fn finding(name: &str, near: Option<&str>, place: Place) -> Diagnostic {
    let found = LINT.at(place.clone(), format!("unknown lint `{name}`"));
    match near {
        Some(near) => found.instead(place, near),
        None => found.help("remove it"),
    }
}

/// A lint whose level cannot be changed.
pub fn fixed_level(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("the level of `{name}` is fixed: no lock can be made while it is found"))
        .help("remove this and fix the finding")
}
