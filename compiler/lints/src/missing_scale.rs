//! `missing-scale`: a `decimal` field does not say how many digits after the point it keeps.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "missing-scale",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A `decimal` field does not say how many digits after the point it keeps.",
    why: "\
The index keeps a decimal as a whole number with a fixed point, and the column does not say where that is: a `numeric` \
without a scale holds any number of digits. Write `scale`, which rounds what has more, or `double` where rounding does \
not matter.",
    example: None,
};

/// A number without a declared number of decimals; `why` is the whole message.
pub fn finding(why: &str, place: Place) -> Diagnostic {
    LINT.at(place, why)
        .help("write `{ kind: decimal, scale: 2 }`, or `double` where rounding does not matter")
}
