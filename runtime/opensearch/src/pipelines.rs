//! Ingest pipelines of a generation: one that the project did not configure may change or drop documents
//! while the server answers that they are stored.

use std::collections::BTreeMap;

use flusso_runtime::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::gone;
use crate::client::Client;
use crate::settings::IndexSettings;
use crate::transport::segment;

/// Settings that name a pipeline.
pub(crate) const SETTINGS: [&str; 2] = ["index.default_pipeline", "index.final_pipeline"];

#[derive(Deserialize)]
struct Index {
    settings: Map<String, Value>,
}

/// The pipelines that documents of a generation go through: setting and name.
async fn live(client: &Client, generation: &str) -> Result<BTreeMap<&'static str, String>> {
    let path = format!("/{}/_settings/index.*_pipeline?flat_settings=true", segment(generation));
    let answered = client.get(&path).await?;
    if answered.is_missing() {
        return Err(gone(generation));
    }
    let mut all: BTreeMap<String, Index> = answered.json("the pipelines of a generation")?;
    // An index without such a setting is left out.
    let settings = all.remove(generation).map(|index| index.settings).unwrap_or_default();
    let named = |setting| Some((setting, named(settings.get(setting))?.to_owned()));
    Ok(SETTINGS.into_iter().filter_map(named).collect())
}

/// The pipeline that a setting names; `None` if it names none.
pub(crate) fn named(setting: Option<&Value>) -> Option<&str> {
    setting.and_then(Value::as_str).filter(|name| *name != "_none")
}

/// [`ErrorKind::Drift`] where a generation has a pipeline that the plan does not give it.
pub(crate) async fn check(client: &Client, generation: &str, wanted: &IndexSettings) -> Result<()> {
    for (setting, name) in live(client, generation).await? {
        if named(wanted.get(setting)) != Some(name.as_str()) {
            let message = format!(
                "`{setting}` of index `{generation}` was set to `{name}`, which is not in the lock: \
                 that pipeline may change or drop documents"
            );
            return Err(Error::new(ErrorKind::Drift, message).with_help(help(generation, setting)));
        }
    }
    Ok(())
}

/// The error about a document that was answered as done and is not stored.
pub(crate) async fn dropped(client: &Client, generation: &str, id: &str) -> Error {
    let pipelines = match live(client, generation).await {
        Ok(pipelines) => pipelines,
        Err(error) => return error,
    };
    let names: Vec<String> =
        pipelines.iter().map(|(setting, name)| format!("`{name}` (`{setting}`)")).collect();
    let by = match names.as_slice() {
        [] => "an ingest pipeline".to_owned(),
        names => format!("ingest pipeline {}", names.join(" or ")),
    };
    let message = format!("document `{id}` of index `{generation}` was not stored: {by} dropped it");
    let error = Error::new(ErrorKind::Rejected, message);
    match pipelines.keys().next() {
        Some(setting) => error.with_help(help(generation, setting)),
        None => error,
    }
}

fn help(generation: &str, setting: &str) -> String {
    format!("remove the pipeline: `PUT /{generation}/_settings` with `{{ \"{setting}\": null }}`")
}
