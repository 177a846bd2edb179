//! `no-foreign-key`: nothing in the database says how two tables are linked.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-foreign-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Nothing in the database says how two tables are linked.",
    why: "\
Without a foreign key it is a guess which rows belong together, and a wrong guess fills documents with rows of others. \
Add the foreign key, or name the columns with `via`: one column that refers to the primary key, or pairs `{ referring: \
referred }`.",
    example: None,
};

/// No foreign key links the tables. `likely` is a column named for the other table, and what a note says of it;
/// `join` is the pair of columns to write where none is.
pub fn between(
    before: &str,
    after: &str,
    likely: Option<(String, String)>,
    join: &str,
    place: Place,
) -> Diagnostic {
    let message = format!("no foreign key links `{before}` and `{after}`, so related rows cannot be found");
    let found = LINT.at(place, message);
    match likely {
        Some((column, note)) => found.note(note).help(format!("write `via: {column}`")),
        None => found.help(format!("name the columns to join on: `via: {join}`")),
    }
}

/// `via` with another number of columns than the primary key that they would reference.
pub fn other_count(
    (referencing, columns): (&str, usize),
    (referenced, key_columns): (&str, usize),
    join: &str,
    place: Place,
) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "`via` names {} of `{referencing}`, but the primary key of `{referenced}` has {}",
            count(columns),
            count(key_columns)
        ),
    )
    .help(format!("write the pairs: `via: {join}`"))
}

fn count(columns: usize) -> String {
    match columns {
        0 => "no column".to_owned(),
        1 => "one column".to_owned(),
        several => counted(several, "column"),
    }
}
