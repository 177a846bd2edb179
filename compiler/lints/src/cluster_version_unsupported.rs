//! `cluster-version-unsupported`: the index server is not OpenSearch 2 or newer.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "cluster-version-unsupported",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "The index server is not OpenSearch 2 or newer.",
    why: "\
flusso uses requests and mappings of OpenSearch, which Elasticsearch and old versions refuse or take for something \
else, in the worst case without an error. Point the sink's `url` to a supported server.",
    example: None,
};

/// What answers at the sink's URL, as it calls itself; `major_min` is the oldest version that is supported.
pub fn finding(server: &str, distribution: &str, number: &str, major_min: u64) -> Finding {
    LINT.live(format!("{server} is {distribution} {number}; flusso needs OpenSearch {major_min} or newer"))
        .with_help(format!("point the sink's `url` to OpenSearch {major_min} or newer"))
}
