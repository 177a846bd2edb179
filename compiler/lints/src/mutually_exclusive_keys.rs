//! `mutually-exclusive-keys`: two keys contradict each other, or one has no effect beside another.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "mutually-exclusive-keys",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "Two keys exclude each other, or a key has no effect where it is written.",
    why: "\
Every key that flusso accepts has an effect. A key that is ignored is worse than one that is refused: somebody wrote \
`distinct` or `limit` and believes that the documents follow it. Keep the one that is meant.",
    example: Some(Example {
        bad: "  first_user: { belongs_to: users, limit: 1, distinct: true, order_by: name, value: name, kind: text }",
        good: "  first_user: { belongs_to: users, value: name, kind: text }",
    }),
};

/// Two heads in one field.
pub fn two_heads(first: &str, second: &str, other: Place, place: Place) -> Diagnostic {
    let message = format!("`{first}` and `{second}` cannot both fill one field");
    LINT.at(place, message).related(other, "the other").help("split it into two fields")
}

/// A relation with both `kind` and `fields`.
pub fn kind_and_fields(other: Place, place: Place) -> Diagnostic {
    one_of(LINT.at(place, "`kind` makes a single value, `fields` an object"), other)
}

/// A relation with both `value` and `fields`.
pub fn fields_and_value(other: Place, place: Place) -> Diagnostic {
    one_of(LINT.at(place, "`fields` makes an object, `value` a single value"), other)
}

/// A field with both `sql` and `column`.
pub fn column_and_sql(field: &str, other: Place, place: Place) -> Diagnostic {
    one_of(LINT.at(place, format!("`column` and `sql` would both fill `{field}`")), other)
}

/// `url` beside a part of it.
pub fn url_and_part(part: &str, other: Place, place: Place) -> Diagnostic {
    LINT.at(place, format!("`url` and `{part}` both say where the database is"))
        .related(other, "the other")
        .help("keep `url`, or the separate keys")
}

/// `required` where a value is always there or never promised; `why` is a clause.
pub fn required(why: &str, place: Place) -> Diagnostic {
    no_effect("required", why, place)
}

/// A key for lists beside a verb that gives at most one row.
pub fn at_most_one_row(key: &str, verb: &str, place: Place) -> Diagnostic {
    no_effect(key, &format!("`{verb}` gives at most one row"), place)
}

/// An `exists` with `of`, which would be ignored.
pub fn of_beside_exists(place: Place) -> Diagnostic {
    no_effect("of", "`exists` only looks for rows; `where` tests their columns", place)
}

/// `distinct` beside an aggregate that does not change by it. Only `count` with `of` does.
pub fn distinct_beside(function: &str, place: Place) -> Diagnostic {
    let why = match function {
        "count" => "`count` without `of` counts each row once".to_owned(),
        "exists" => "`exists` looks for a single row".to_owned(),
        "min" | "max" => format!("`{function}` is the same without it"),
        function => format!("`{function}` counts equal values of different rows separately"),
    };
    no_effect("distinct", &why, place)
}

/// `default` of a value in a list.
pub fn default_in_list(place: Place) -> Diagnostic {
    no_effect("default", "a list leaves null values out", place)
}

/// A kind's own key beside another that decides in its place.
pub fn own_keys(decides: &str, other: &str, place: Place) -> Diagnostic {
    no_effect(other, &format!("`{decides}` decides"), place)
}

/// `subfields` of a kind that has none.
pub fn subfields_of(kind: &str, place: Place) -> Diagnostic {
    no_effect("subfields", &format!("`{kind}` has no subfields"), place)
}

/// `kind: auto` with `options`, which belong to one kind.
pub fn options_of_auto(place: Place) -> Diagnostic {
    LINT.at(place, "`auto` does not accept `options`: they depend on the kind, which may change")
        .help("write the kind instead of `auto`")
}

/// A setting of an index file that every sink of the index overrides; `sink` is one of them.
pub fn overridden_setting(setting: &str, sink: &str, other: Place, place: Place) -> Diagnostic {
    let message =
        format!("`{setting}` has no effect here: `index_settings` of sink `{sink}` sets it for every index");
    LINT.at(place, message).related(other, "the sink").help("set it in one of the two places")
}

fn no_effect(key: &str, why: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` has no effect here: {why}")).help(format!("remove `{key}`"))
}

fn one_of(found: Diagnostic, other: Place) -> Diagnostic {
    found.related(other, "the other").help("keep one of them")
}

/// `order_by` where there is at most one row to order.
pub fn order_of_one_row(table: &str, place: Place) -> Diagnostic {
    no_effect("order_by", &format!("each row has at most one row of `{table}`"), place)
}

/// `labels` over a value that is not an integer.
pub fn labels_of(pg_type: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`labels` need an integer, but the value is `{pg_type}`"))
        .note(note)
        .help("write `order` with the values in the order they sort")
}
