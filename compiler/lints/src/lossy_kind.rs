//! `lossy-kind`.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "lossy-kind",
    level: Level::Warn,
    adjustable: true,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "",
    why: "",
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
