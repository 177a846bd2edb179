//! `template-adds-pipeline`: an index template on the server adds an ingest pipeline to an index of the project.

use crate::prelude::*;
use crate::template_interferes::message;

/// Public for the tests of the sink that finds it.
pub static LINT: Lint = Lint {
    name: "template-adds-pipeline",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "An index template on the server adds an ingest pipeline to an index of the project.",
    why: "\
A pipeline can change or drop every document while OpenSearch answers that it was stored, so no document could be \
relied on. Narrow the patterns of the template, or set the pipeline under `settings` of the index, so that it is in \
the lock.",
    example: None,
};

/// What templates add to an index of that name, a pipeline among it, in words.
pub fn finding(name: &str, added: &[String]) -> Finding {
    LINT.live(message(name, added)).with_help("narrow the template's patterns, or set the pipeline yourself")
}
