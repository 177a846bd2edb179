//! `unknown-time-zone`: a time zone does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-time-zone",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A `zone` is not the name of a time zone.",
    why: "\
The zone decides which instant a local time is, so a wrong one moves every value. Offsets and abbreviations are \
refused on purpose: Postgres reads `+02` as two hours behind UTC, and `PST` is one offset in summer too. Use names of \
the IANA database.",
    example: Some(Example { bad: "zone: PST", good: "zone: America/Los_Angeles" }),
};

/// The zone as it is written.
pub fn finding(zone: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown time zone `{zone}`")).help("write a name such as `Europe/Rome` or `UTC`")
}
