//! `duplicate-key`: a name is written twice where each may be written once.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "duplicate-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A key, setting, column or label is written twice in the same place.",
    why: "\
Only one of the two can count, and which one is not visible to somebody who reads the file: YAML readers differ, some \
take the first and some the last. A setting counts as written twice under its short and its long name, too \
(`replicas` and `number_of_replicas`). Remove one of them.",
    example: Some(Example {
        bad: "  note: text\n  id: keyword",
        good: "  note: text\n  order_id: { kind: keyword, column: id }",
    }),
};

/// A key of a map.
pub fn key(key: &str, first: Place, place: Place) -> Diagnostic {
    duplicate(format!("duplicate key `{key}`"), first, place)
}

/// A setting, under whatever two names.
pub fn setting(name: &str, first: Place, place: Place) -> Diagnostic {
    duplicate(format!("duplicate setting `{name}`"), first, place)
}

/// A column in a list of columns; `key` is the list's.
pub fn column(key: &str, column: &str, first: Place, place: Place) -> Diagnostic {
    duplicate(format!("duplicate column `{column}` in `{key}`"), first, place)
}

/// A label in the order of an enum.
pub fn label(label: &str, first: Place, place: Place) -> Diagnostic {
    duplicate(format!("duplicate label `{label}`, so its rank is ambiguous"), first, place)
}

/// Two labels of one number: `01` and `1` are two keys and one number.
pub fn label_of_number(number: i64, first: Place, place: Place) -> Diagnostic {
    duplicate(format!("duplicate label for `{number}`"), first, place)
}

fn duplicate(message: String, first: Place, place: Place) -> Diagnostic {
    LINT.at(place, message).related(first, "first used here").help("remove one of them")
}
