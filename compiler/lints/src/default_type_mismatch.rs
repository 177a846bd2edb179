//! `default-type-mismatch`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "default-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
    example: None,
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
