//! `kind-mismatch`: a kind does not accept the type of its column or expression.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "kind-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A kind does not accept the type of its column or expression.",
    why: "\
Not every value of the type fits the kind: a text such as `abc` cannot be stored as `long`, and OpenSearch would \
refuse the document. The same holds for an aggregate or an order that Postgres does not have for the type. Write a \
kind that accepts the type, or convert the value with `sql`.",
    example: None,
};

/// `count` with a kind that is not for whole numbers.
pub fn of_count(kind: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` does not accept a count, which is a whole number"))
        .help("write `short`, `integer` or `long`")
}

/// A kind that cannot be a subfield.
pub fn of_subfield(kind: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, format!("a subfield cannot be `{kind}`")).help(format!("write {}", listed(known, "or")))
}
