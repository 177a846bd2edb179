//! `ignore-above-too-high`: `ignore_above` lets values through that OpenSearch refuses.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "ignore-above-too-high",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "`ignore_above` lets a value be indexed that is longer than OpenSearch accepts, so its document is rejected.",
    why: "\
OpenSearch refuses a whole document in which one indexed value takes more than 32,766 bytes. `ignore_above` counts \
UTF-16 units of up to three bytes each, so only a limit of 10922 keeps every text within them; that is \
what flusso writes by itself. Longer values stay in the document either way and cannot be searched. Where the column is \
known to hold short values or ASCII only, accept the finding, or give the column a length.",
    example: Some(Example {
        bad: "  note: { kind: keyword, options: { ignore_above: 20000 } }",
        good: "  note: { kind: keyword, options: { ignore_above: 10922 } }",
    }),
};

/// The limit as it is written, and the highest one that is safe for the value.
pub fn finding(limit: u64, safe: u64, place: Place) -> Diagnostic {
    let message = format!(
        "`ignore_above: {limit}` indexes values of more than 32,766 bytes, so OpenSearch rejects their documents"
    );
    LINT.at(place, message).help(format!("write `ignore_above: {safe}` or less"))
}
