//! `template-interferes`: an index template on the server adds settings, fields or aliases to an index of the project.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "template-interferes",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "An index template on the server adds settings, fields or aliases to an index of the project.",
    why: "\
The index would not be what the lock says: a field that a template maps, or an analyzer of its own, changes what \
queries find. It is an error where the template adds an ingest pipeline, which can change every document. Narrow the \
patterns of the template, or set these yourself so that they are in the lock.",
    example: None,
};
