//! `index-blocked`: the cluster or an index of the project does not accept writes.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "index-blocked",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "The cluster or an index of the project does not accept writes.",
    why: "\
Every document would be refused until the block is removed, and the replication slot keeps the WAL until then. \
OpenSearch blocks indexes itself when a disk is nearly full; a person may have blocked or closed one. Free disk space, \
remove the `blocks` setting, or open the index.",
    example: None,
};
