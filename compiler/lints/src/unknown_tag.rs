//! `unknown-tag`: a value has a YAML tag.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-tag",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A value has a YAML tag such as `!!str`, and flusso supports none.",
    why: "\
A tag asks the reader to convert the value, and readers differ in what they make of it. In flusso the key decides \
what a value must be. Remove the tag; quotes make a number or a boolean a text.",
    example: Some(Example { bad: "  note: !text { kind: text }", good: "  note: { kind: text }" }),
};

/// The tag as it is written.
pub fn finding(tag: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unsupported YAML tag `{tag}`"))
        .help("remove the tag; quote the value to make it text")
}
