//! `norway-value`: `yes`, `no`, `on` or `off` is written for a boolean.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "norway-value",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A boolean is written as `yes`, `no`, `on` or `off`, which is text in YAML 1.2.",
    why: "\
YAML 1.1 reads these words as booleans and YAML 1.2 does not, so two tools would read one file in two ways (the \
country code `NO` became `false`). flusso reads YAML 1.2 and takes `true` and `false` only.",
    example: Some(Example { bad: "required: no", good: "required: false" }),
};

/// The word, and the boolean that it must mean.
pub fn finding(key: &str, word: &str, meant: &str, place: Place) -> Diagnostic {
    LINT.at(place.clone(), format!("`{word}` is text in YAML 1.2: `{key}` expects `true` or `false`"))
        .instead(place, meant)
}
