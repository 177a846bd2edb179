//! `default-type-mismatch`: a value in the file is not one that the field accepts.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "default-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A default, constant or `null_value` is not a value that the field accepts.",
    why: "\
OpenSearch would refuse every document that holds the value, and a default is held by those documents that have no \
other: they would be missing from the index. Write a value of the field's kind; quotes make a number a text.",
    example: Some(Example {
        bad: "  note: { kind: text, default: 3 }",
        good: "  note: { kind: text, default: \"3\" }",
    }),
};

/// A number that JSON documents cannot hold.
pub fn out_of_range(place: Place) -> Diagnostic {
    LINT.at(place, "out of range: a document cannot hold this number")
        .help("write a finite number, and a whole one of at most 64 bits")
}

/// `null_value` of a mapping that its own type does not accept.
pub fn null_value(mapping_type: &str, expected: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`null_value` is not a value that `{mapping_type}` accepts"))
        .help(format!("write {expected}"))
}

/// A `default` that its kind does not accept; `expected` follows "write".
pub fn of_kind(kind: &str, expected: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` does not accept this `default`, so the document would be refused"))
        .help(format!("write {expected}"))
}

/// A constant that its kind does not accept; `expected` follows "write".
pub fn constant(kind: &str, expected: &str, natural: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` does not accept this constant, so every document would be refused"))
        .help(format!("write {expected}, or `kind: {natural}`"))
}
