//! `kind-mismatch`: a kind does not accept the type of its column or expression.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
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

/// `auto` over a type that several kinds fit, or none; `choices` is what to write.
pub fn no_choice(pg_type: &str, choices: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`auto` cannot choose a kind for `{pg_type}`")).note(note).help(choices)
}

/// A kind that does not accept values of a type. `natural` is the kind that `auto` would choose, `instead` the advice
/// of the kind itself.
pub fn not_accepted(
    kind: &str,
    pg_type: &str,
    why: &str,
    natural: Option<&str>,
    instead: &str,
    place: Place,
) -> Diagnostic {
    let found = LINT.at(place.clone(), format!("`{kind}` does not accept `{pg_type}`: {why}"));
    match natural {
        Some(natural) if instead == format!("`{natural}`") => found.instead(place, natural),
        Some(natural) => found.help(format!("write `{natural}`, or {instead}")),
        None => found.help(format!("write {instead}")),
    }
}

/// A constant of another kind; `own` is the kind that it has by itself.
pub fn of_constant(kind: &str, own: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` does not accept this constant, so every document would be refused"))
        .help(format!("write `{own}`"))
}

/// `distinct` over values that cannot be sorted, by which Postgres counts each once.
pub fn of_distinct(pg_type: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`distinct` does not accept `{pg_type}`: Postgres has no order for its values"))
        .note(note)
        .help("remove `distinct`, or name a column of another type")
}

/// An aggregate that Postgres does not have for a type.
pub fn of_aggregate(function: &str, pg_type: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("Postgres has no `{function}` for type `{pg_type}`"))
        .note(note)
        .help("name a column of numbers")
}

/// `order_by` over values that have no order.
pub fn of_order(pg_type: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{pg_type}` cannot be sorted")).note(note).help("order by another column")
}
