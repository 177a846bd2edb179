//! `ambiguous-foreign-key`: two tables can be joined in more than one way, and the file does not say which.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "ambiguous-foreign-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Two tables can be joined in more than one way, and the file does not say which.",
    why: "\
An order with a billing and a shipping address refers to `addresses` twice. Either way gives documents that look \
right, and the wrong one shows rows of another relation. Name the columns with `via`; where both tables have a column \
of that name, write the pair `via: { referring: referred }`.",
    example: None,
};

/// Several foreign keys from one table to the other; each is the columns that reference.
pub fn several(from: &str, to: &str, keys: &[&[String]], place: Place) -> Diagnostic {
    let by: Vec<String> = keys.iter().map(|columns| listed(columns, "and")).collect();
    let choices: Vec<String> =
        keys.iter().take(NAMED_MAX).map(|columns| format!("via: {}", spelled(columns))).collect();
    let message = format!("`{from}` has {} foreign keys to `{to}`, so the join is ambiguous", keys.len());
    LINT.at(place, message)
        .note(format!("foreign keys: {}", by.join("; ")))
        .help(format!("write {}", listed(&choices, "or")))
}

/// `via` with columns that both tables have; `join` is the pairs to write.
pub fn columns_of_both(columns: &[&str], join: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("ambiguous `via`: both tables have {}", listed(columns, "and")))
        .help(format!("write the pairs: `via: {join}`"))
}

/// Pairs that join different rows by which side references; each way is its equations.
pub fn either_way(one: &str, other: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("ambiguous `via`: it reads as {one} and as {other}, which join different rows"))
        .note("both tables have all of these columns, and no foreign key says which one references the other")
        .help(
            "add the foreign key, or reach the target by a nested relation, whose verb says which side references \
             the other",
        )
}

/// Most foreign keys that a help names.
const NAMED_MAX: usize = 3;

fn spelled(columns: &[String]) -> String {
    match columns {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
