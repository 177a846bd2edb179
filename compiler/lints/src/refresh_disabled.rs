//! `refresh-disabled`: an index never shows what is written to it.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "refresh-disabled",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "An index has no refresh, so that searches never see what is written to it.",
    why: "\
With `refresh_interval: -1` OpenSearch makes nothing searchable by itself: every change after the first apply stays \
invisible until somebody refreshes the index by hand. During a backfill flusso turns the refresh off on its own and \
sets the configured interval before the alias moves.",
    example: Some(Example {
        bad: "settings: { refresh_interval: -1 }",
        good: "settings: { refresh_interval: 30s }",
    }),
};

/// A refresh interval below zero.
pub fn finding(place: Place) -> Diagnostic {
    LINT.at(place, "`refresh_interval: -1` turns the refresh off: searches never see what changes")
        .help("write an interval such as `1s`, or remove the setting")
}
