//! `unsupported-version`: a file is written for another version of the language.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unsupported-version",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A file has a `version` that this flusso does not read.",
    why: "\
The version says by which rules a file is read, so that old files keep their meaning. This flusso reads version 1 \
only. If the file was written for a newer flusso, upgrade; otherwise write `version: 1`.",
    example: Some(Example { bad: "version: 2", good: "version: 1" }),
};

/// The version as it is written.
pub fn finding(version: u64, place: Place) -> Diagnostic {
    LINT.at(place, format!("unsupported version `{version}`: this flusso reads version 1"))
        .help("write `version: 1`")
}
