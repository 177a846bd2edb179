//! `mapping-parameter-ignored`: OpenSearch ignores a mapping parameter.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "mapping-parameter-ignored",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "OpenSearch accepts a mapping parameter for this type and ignores it.",
    why: "\
The index is created without an error, but the parameter is not in its mapping, so searches behave as if it had never \
been written. Remove it; the documents stay the same.",
    example: Some(Example {
        bad: "  id: { kind: long, options: { similarity: boolean } }",
        good: "  id: long",
    }),
};

/// The parameter and the `type` of the mapping.
pub fn finding(parameter: &str, mapping_type: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("`{parameter}` has no effect on `{mapping_type}`: OpenSearch accepts and ignores it"),
    )
    .help(format!("remove `{parameter}`"))
}
