//! `bulk-over-http-limit`: `bulk.bytes_max` is larger than what a node of OpenSearch accepts in one request.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
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
