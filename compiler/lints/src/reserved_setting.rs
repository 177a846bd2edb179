//! `reserved-setting`: a setting is not the project's to set.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "reserved-setting",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A setting belongs to flusso or OpenSearch, or cannot be set where it is written.",
    why: "\
Some settings would break what flusso relies on: a write block stops it, another `gc_deletes` weakens the versions \
that keep documents right. Others OpenSearch sets itself and refuses. A sink can only set what may differ between \
indexes that mean the same; what decides what an index is belongs in the index file.",
    example: Some(Example {
        bad: "settings: { index.gc_deletes: 1h, analysis: {} }",
        good: "settings: { refresh_interval: 1s }",
    }),
};

/// A setting that is not the project's to set; `why` is a clause, `help` says what to do instead.
pub fn finding(setting: &str, why: &str, help: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{setting}` cannot be set here: {why}")).help(help)
}

/// A static setting under `index_settings` of a sink.
pub fn of_sink(setting: &str, place: Place) -> Diagnostic {
    finding(
        setting,
        "it defines the index, and a sink's settings apply to every index",
        "write it under `settings` of the index file or of `defaults`",
        place,
    )
}
