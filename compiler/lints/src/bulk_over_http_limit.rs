//! `bulk-over-http-limit`: `bulk.bytes_max` is larger than what a node of OpenSearch accepts in one request.

use crate::prelude::*;
use crate::words::grouped;

pub(crate) static LINT: Lint = Lint {
    name: "bulk-over-http-limit",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "`bulk.bytes_max` is larger than what a node of OpenSearch accepts in one request.",
    why: "\
A full batch would be refused as a whole, and the same batch again after that, so nothing would be written any more. \
The limit is `http.max_content_length` of the smallest node and counts a compressed body as unpacked. Set \
`bulk.bytes_max` to the limit or less.",
    example: None,
};

/// Both numbers are bytes: what the smallest node accepts, and what a full batch may have.
pub fn finding(limit: u64, batch: u64) -> Finding {
    LINT.live(format!(
        "OpenSearch accepts at most {} per request, but `bulk.bytes_max` is {}: a full batch would be refused",
        bytes(limit),
        grouped(batch)
    ))
    .with_help(format!("set `bulk.bytes_max` to {limit} or less"))
}

fn bytes(number: u64) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), "byte")
}
