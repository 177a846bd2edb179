//! `enum-value-unknown`: the file names a label that the Postgres enum does not have.

use crate::prelude::*;
use crate::words;

pub(crate) static LINT: Lint = Lint {
    name: "enum-value-unknown",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The file names a label that the Postgres enum does not have.",
    why: "\
Postgres refuses to compare with it, so the index could not be filled, and in `order` it sorts nothing. It is mostly a \
misspelling, or a label that was renamed. Write one of the labels that the finding lists.",
    example: None,
};

/// A value in a condition that is not a label of the column's type.
pub fn in_condition(
    column: &str,
    value: &str,
    enum_type: &str,
    labels: &[String],
    place: Place,
) -> Diagnostic {
    let found = LINT
        .at(place.clone(), format!("unknown label `{value}` of `{column}`: `{enum_type}` has no such label"));
    match nearest(value, labels) {
        Some(near) => found.help(format!("write `{near}`")).unsafe_fix(place, near),
        None => found.help(choices(labels)),
    }
}

/// An item of `order` that is not a label of the column's type.
pub fn in_order(value: &str, enum_type: &str, labels: &[String], place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown label `{value}`: `{enum_type}` has no such label"))
        .help(nearest(value, labels).map_or_else(|| choices(labels), |near| format!("write `{near}`")))
}

fn nearest<'a>(value: &str, labels: &'a [String]) -> Option<&'a str> {
    words::nearest(value, labels.iter().map(String::as_str))
}

fn choices(labels: &[String]) -> String {
    format!("write {}", listed(labels, "or"))
}
