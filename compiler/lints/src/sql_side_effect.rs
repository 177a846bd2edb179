//! `sql-side-effect`: an `sql` expression calls a volatile function.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "sql-side-effect",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "An `sql` expression calls a volatile function.",
    why: "\
It may write, lock or wait, and it runs for every row whenever documents are computed, at times that nobody chooses. \
Its value may also differ each time, so the document says nothing certain. Leave the call out, or declare the function \
`immutable` if it depends on its arguments only.",
    example: None,
};

/// A function or operator that is volatile.
pub fn finding(name: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("`{name}` is volatile: it may do something, or give another value for the same row"),
    )
    .help(format!("remove `{name}`"))
}
