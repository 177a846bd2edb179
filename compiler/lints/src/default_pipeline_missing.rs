//! `default-pipeline-missing`: an index names an ingest pipeline that does not exist.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "default-pipeline-missing",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "An index names an ingest pipeline that does not exist.",
    why: "\
OpenSearch refuses every document that is written to an index whose `default_pipeline` or `final_pipeline` is missing. \
Create the pipeline, or take the setting out, which may come from an index template.",
    example: None,
};

/// The `setting` of an index names pipeline `name`.
pub fn finding(index: &str, setting: &str, name: &str) -> Finding {
    LINT.live(format!("pipeline `{name}` does not exist, so every document of `{index}` would be refused"))
        .about(format!("index:{index}"))
        .with_help(format!(
            "create it with `PUT /_ingest/pipeline/{name}`, or remove `{setting}` from the settings of `{index}`"
        ))
}
