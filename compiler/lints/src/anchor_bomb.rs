//! `anchor-bomb`: aliases make a small file a huge one.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "anchor-bomb",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "The aliases of a file expand to more values than flusso reads.",
    why: "\
An alias of a list of aliases multiplies, so a few lines can expand to billions of values and exhaust memory. \
flusso stops reading at a fixed number of values, far above what an index file needs. Write the values out, or \
split the file.",
    example: Some(Example {
        bad: "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nx1: &x1 [*x0, *x0, *x0, *x0, *x0, *x0, *x0, *x0, *x0, *x0]",
        good: "x-open: &open [paid, shipped]",
    }),
};

/// The file would have more than `values_max` values.
pub fn finding(values_max: usize, place: Place) -> Diagnostic {
    let message =
        format!("aliases expand the file to more than {}, so it is not read", counted(values_max, "value"));
    LINT.at(place, message).help("write the values out, or split the file")
}
