//! `key-type-mismatch`: two columns that link tables have types that Postgres does not compare.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "key-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Two columns that link tables have types that Postgres does not compare.",
    why: "\
The join needs `referring = referred`, and Postgres has no such operator for these types without a cast, or one of the \
columns is a list. Give one of the columns the other's type, or name other columns in `via`.",
    example: None,
};

/// An array among the columns of a join.
pub fn array(table: &str, column: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("cannot join on `{table}.{column}`: it is an array"))
        .help("name other columns in `via`")
}

/// Two columns whose types have no common comparison; each with its type.
pub fn not_comparable(
    (one, one_type): (&str, &str),
    (other, other_type): (&str, &str),
    place: Place,
) -> Diagnostic {
    LINT.at(
        place,
        format!("`{one}` is `{one_type}` and `{other}` is `{other_type}`: Postgres cannot compare them without a cast"),
    )
    .help("give both columns the same type, or name other columns in `via`")
}
