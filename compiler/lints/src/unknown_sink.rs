//! `unknown-sink`: an index names a sink that the project does not have.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-sink",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "An index names a sink that the project file does not have.",
    why: "\
The index would be written nowhere. Sinks are named under `sinks` of the project file; an index without `sinks` goes \
to all of them.",
    example: Some(Example { bad: "sinks: [serach]", good: "sinks: [search]" }),
};

/// The sink, the one that comes near, and all that there are.
pub fn finding(sink: &str, near: Option<&str>, known: &[&str], place: Place) -> Diagnostic {
    let found = LINT.at(place.clone(), format!("unknown sink `{sink}`"));
    match near {
        Some(near) => found.instead(place, near),
        None if known.is_empty() => {
            found.help("add it under `sinks` of the project file, or remove `sinks` here")
        }
        None => found.help(format!("write {}", listed(known, "or"))),
    }
}
