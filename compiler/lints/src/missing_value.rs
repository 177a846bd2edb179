//! `missing-value`: a key has no value, or an empty one.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "missing-value",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A key has nothing after it, or an empty list or map.",
    why: "\
An empty condition tests nothing, so an index that was meant to hold few rows would hold all of them. A key with \
nothing after it is `null` in YAML, which is a value in a condition and a mistake anywhere else. Write the value, \
`null` where null is meant, or remove the key.",
    example: Some(Example { bad: "where: { note: }", good: "where: { note: null }" }),
};

/// Nothing after a key that expects something.
pub fn expected(key: &str, expected: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` has no value")).help(format!("write {expected}"))
}

/// Nothing after a column in a condition. The fix is what YAML makes of it, said aloud.
pub fn of_test(column: &str, place: Place) -> Diagnostic {
    LINT.at(place.clone(), format!("`{column}` has no value, so there is nothing to compare it with"))
        .help("write `null` to match rows without a value")
        .fix(place, " null")
}

/// Nothing after a field's name.
pub fn of_field(field: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{field}` has no value, so the field has no kind"))
        .help("write a kind, `fields` or a relation")
}

/// `[]` where at least one item is needed.
pub fn empty_list(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("empty list: `{key}` needs at least one item"))
        .help(format!("name at least one item, or remove `{key}`"))
}

/// `indexes: []`, a project without indexes.
pub fn no_patterns(place: Place) -> Diagnostic {
    LINT.at(place, "`indexes` is empty, so there is nothing to index")
        .help("write the patterns of the index files: `indexes: [indexes/*.yml]`")
}

/// `where: {}` and the like, which would silently match every row.
pub fn empty_condition(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` is empty, so it tests nothing"))
        .help(format!("write `{key}: {{ column: value }}`, or remove `{key}`"))
}

/// `fields: {}`, which would index empty documents.
pub fn no_fields(place: Place) -> Diagnostic {
    LINT.at(place, "`fields` is empty, so there is nothing to index")
        .help("write `name: kind` for each field")
}

/// `via: {}`, which would join every row to every row.
pub fn no_columns(place: Place) -> Diagnostic {
    LINT.at(place, "`via` is empty: a join needs at least one column")
        .help("write `via: { referring: referred }`, or remove `via`")
}

/// Nothing where a column is compared: `{ gt: }`.
pub fn of_comparison(column: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("missing value: there is nothing to compare `{column}` with"))
        .help("write a value, or `null`")
}
