//! `tab-indentation`: a line is indented with a tab.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "tab-indentation",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A line is indented with a tab, which YAML does not allow.",
    why: "\
YAML counts spaces to find out which key a line belongs to, and a tab has no width. The whole block is unreadable, so \
none of its keys counts. Set the editor to insert spaces in `.yml` files.",
    example: Some(Example { bad: "fields:\n	id: long", good: "fields:\n  id: long" }),
};

/// A tab in front of the first word of a line.
pub fn finding(place: Place) -> Diagnostic {
    LINT.at(place.clone(), "tab in the indentation: YAML cannot tell which key the line belongs to")
        .help("indent with spaces, not tabs")
        .fix(place, "  ")
}
