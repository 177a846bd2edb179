//! `merge-key`: `<<` is written to merge maps.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "merge-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A map uses `<<`, which YAML 1.2 does not have.",
    why: "\
Merge keys are an extension of YAML 1.1. In YAML 1.2 `<<` is a key like any other, so the keys it was meant to bring \
would silently be missing. An alias as the whole value works, and so does writing the keys out.",
    example: Some(Example { bad: "  note: { <<: *base }", good: "  note: *base" }),
};

/// A plain `<<` as a key.
pub fn finding(place: Place) -> Diagnostic {
    LINT.at(place, "unsupported key `<<`: YAML 1.2 does not merge maps")
        .help("write the keys out, or use the alias as the whole value")
}
