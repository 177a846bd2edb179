//! `lossy-kind`: a kind keeps less than the column holds.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "lossy-kind",
    level: Level::Warn,
    adjustable: true,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A kind keeps less than the column holds.",
    why: "\
Two different values may become one in the index: a `float` has about seven digits, a `numeric` may have more, and two \
labels may be spelled the same. Sums, exact matches and sorting can then differ from the database. Write a kind that \
keeps everything; where the loss does not matter, accept it with a comment, and the lock says so.",
    example: None,
};

/// Two numbers of `labels` with the same label.
pub fn same_label(first: i64, second: i64, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("`{first}` and `{second}` have the same label, so the index cannot tell them apart"),
    )
    .help("give each number a label of its own, or accept it with a comment")
}

/// A kind that keeps less than the column has; `lost` says what.
pub fn of_type(kind: &str, pg_type: &str, lost: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` over `{pg_type}`: {lost}"))
        .help("accept it with a comment where that does not matter, or use another kind")
}
