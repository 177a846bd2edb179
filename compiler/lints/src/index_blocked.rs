//! `index-blocked`: the cluster or an index of the project does not accept writes.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
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

/// The whole cluster is blocked; `reason` is the server's.
pub fn cluster(reason: &str) -> Finding {
    LINT.live(format!("the cluster does not accept writes: {reason}"))
        .with_help("free disk space, or remove the `cluster.blocks` setting")
}

/// An index is blocked by its settings or by a full disk.
pub fn index(index: &str, reason: &str) -> Finding {
    not_writable(index, reason)
        .with_help(format!("free disk space, or remove the `index.blocks` setting of `{index}`"))
}

/// Somebody closed an index.
pub fn closed(index: &str, reason: &str) -> Finding {
    not_writable(index, reason).with_help(format!("open it with `POST /{index}/_open`"))
}

fn not_writable(index: &str, reason: &str) -> Finding {
    LINT.live(format!("index `{index}` does not accept writes: {reason}"))
}
