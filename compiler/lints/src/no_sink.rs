//! `no-sink`: the project does not say where documents go, so they are printed.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-sink",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "The project has no sink, so documents are printed to stdout and nothing is kept.",
    why: "\
Stdout is a way to look at documents before there is an index server. In a build or a service it puts every document \
into the log, with the personal data in it, while the replication slot holds back WAL as it does for any sink. Where \
that is what you want, say so: `sinks: { out: { stdout: {} } }`.",
    example: Some(Example { bad: "indexes: [indexes/*.yml]", good: "sinks: { out: { stdout: {} } }" }),
};

/// The project file names no sink.
pub fn finding(place: Place) -> Diagnostic {
    LINT.at(place, "no sink is configured, so documents are printed to stdout and nothing is kept").help(
        "add `sinks: { search: { opensearch: { url: \"${OPENSEARCH_URL}\" } } }`, or \
         `sinks: { out: { stdout: {} } }` to print them on purpose",
    )
}
