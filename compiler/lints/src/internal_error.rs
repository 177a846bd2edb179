//! `internal-error`: no lock could be made, and no finding explains it.

use crate::prelude::*;

/// Public because its fixture is exempt: nobody can write a project that has it.
pub static LINT: Lint = Lint {
    name: "internal-error",
    level: Level::Deny,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "No lock can be written for the project, and no other finding says why.",
    why: "\
This is a bug in flusso: a lock that is missing without a reason must not pass for a clean project. Please report it \
with the project file and the index files.",
    example: None,
};

/// No lock and no finding.
pub fn finding(place: Place) -> Diagnostic {
    LINT.at(place, "internal error: no lock can be written for this project, and no finding says why")
        .help("report it at the project's issue tracker, with these files")
}
