//! `through-names-target`: `through` ends with the target.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "through-names-target",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The target of a relation is also the last table under `through`.",
    why: "\
The path would join the target twice, and every row would be found once for each pair. `through` lists only the \
tables between the two ends.",
    example: Some(Example {
        bad: "through: [product_categories, categories]",
        good: "through: [product_categories]",
    }),
};

/// The target, and where it is named first.
pub fn finding(target: &str, first: Place, place: Place) -> Diagnostic {
    LINT.at(place, format!("`through` ends with the target `{target}`, so the path would join it twice"))
        .related(first, "the target")
        .help(format!("remove `{target}` from `through`"))
}
