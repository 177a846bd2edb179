//! `duplicate-alias`: two sinks write to one place.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "duplicate-alias",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "Two sinks write indexes of the same names to the same cluster.",
    why: "\
Both sinks would create, fill and swap the same indexes and aliases, each undoing what the other did. Give one of \
them another `index_prefix`, or remove it.",
    example: Some(Example {
        bad: "  green: { opensearch: { url: \"${OPENSEARCH_URL}\", index_prefix: \"${PREFIX}\" } }",
        good: "  green: { opensearch: { url: \"${OPENSEARCH_URL}\", index_prefix: \"${PREFIX}-green\" } }",
    }),
};

/// Both sinks have one URL and one prefix.
pub fn sinks(first: &str, second: &str, other: Place, place: Place) -> Diagnostic {
    let message = format!(
        "sinks `{first}` and `{second}` write to one cluster with one `index_prefix`: each would overwrite the \
         other's indexes"
    );
    LINT.at(place, message)
        .related(other, "the first")
        .help(format!("give sink `{second}` another `index_prefix`"))
}
