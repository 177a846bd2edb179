//! `unknown-table`: the file names a table that does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The file names a table that does not exist.",
    why: "\
No query for the index can be made without the table. Usually the name is misspelled, or the table is in \
another schema than `schema` says. Write its schema in front of the name, or create the table first.",
    example: None,
};

/// A table that does not exist. `near` are tables of the schema that come near, as they are written; `elsewhere` are
/// tables of that very name.
pub fn finding(schema: &str, table: &str, near: &[String], elsewhere: &[String], place: Place) -> Diagnostic {
    let mut found = LINT.at(place.clone(), format!("table `{table}` does not exist in schema `{schema}`"));
    for other in elsewhere {
        found = found.note(format!("`{other}` is in another schema"));
    }
    let choices: Vec<&String> = near.iter().chain(elsewhere).take(NAMED_MAX).collect();
    match choices.as_slice() {
        [] => found.help("create the table, or correct its name"),
        [one] => found.instead(place, one.as_str()),
        several => found.help(format!("write {}", listed(several, "or"))),
    }
}

/// Most tables that a help names.
const NAMED_MAX: usize = 3;
