//! `unknown-kind`: a field has a kind that does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-kind",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A field names a kind that flusso does not have.",
    why: "\
The kind decides how a value is mapped, rendered and compared, so nothing can be indexed without one. Kinds are named \
after what they are in the index, not after Postgres types: `long` for `bigint`, `timestamp` for `timestamptz`, \
`decimal` for `numeric`. A column is named under `column`, never in the place of the kind.",
    example: Some(Example { bad: "  id: bigint", good: "  id: long" }),
};

/// A word that another tool or Postgres has for one of our kinds.
pub fn renamed(kind: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place.clone(), unknown(kind)).instead(place, ours)
}

/// A word such as `string`: several kinds index text, so none is suggested alone.
pub fn text(kind: &str, place: Place) -> Diagnostic {
    LINT.at(place, unknown(kind))
        .help("write `text` to search for words, `keyword` for exact values, `identifier` for codes")
}

/// A column's name in the place of the kind: `id: id`.
pub fn column_of_field(field: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("{}: `{field}` already reads column `{field}`", unknown(field)))
        .help(format!("write the kind: `{field}: auto` takes it from the column's type"))
}

/// A word after a field's name that nothing known comes near: maybe a column.
pub fn of_field(kind: &str, field: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, unknown(kind)).note(kinds(known)).help(format!(
        "write one of these kinds; if `{kind}` is a column, write `{field}: {{ kind: auto, column: {kind} }}`"
    ))
}

/// A word after `kind` that nothing known comes near.
pub fn finding(kind: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, unknown(kind)).note(kinds(known)).help("write one of these kinds")
}

fn unknown(kind: &str) -> String {
    format!("unknown kind `{kind}`")
}

fn kinds(known: &[&str]) -> String {
    format!("kinds: {}", listed(known, "and"))
}
