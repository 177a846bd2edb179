//! `duplicate-index`: two files make an index of one name.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "duplicate-index",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "Two index files have the same name under `index`.",
    why: "\
The name is the alias that applications query, and one alias leads to one index. With two files each would replace \
what the other built. Rename one of them, or delete a copy that was left over.",
    example: Some(Example { bad: "index: orders", good: "index: recent_orders" }),
};

/// The name, and where it is used first.
pub fn finding(index: &str, first: Place, place: Place) -> Diagnostic {
    LINT.at(place, format!("duplicate index `{index}`: two files would replace each other's documents"))
        .related(first, "first used here")
        .help("rename one of them")
}
