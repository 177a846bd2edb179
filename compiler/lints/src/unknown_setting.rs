//! `unknown-setting`: an index setting does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-setting",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "OpenSearch has no index setting of that name.",
    why: "\
OpenSearch refuses to create an index with a setting that it does not know. Names are those of OpenSearch 3.x without \
`index.`; `shards` and `replicas` are accepted for the two that are written most. A setting of a plugin is known only \
where flusso supports the plugin.",
    example: Some(Example { bad: "  number_of_replica: 2", good: "  number_of_replicas: 2" }),
};

/// The setting, and the one that comes near.
pub fn finding(setting: &str, near: Option<&str>, place: Place) -> Diagnostic {
    let found = LINT
        .at(place.clone(), format!("unknown index setting `{setting}`: OpenSearch would refuse the index"));
    match near {
        Some(near) => found.instead(place, near),
        None => found.help("correct its name, or remove it"),
    }
}
