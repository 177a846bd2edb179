//! Whose a concrete index is: what is written in its mapping, else whose state holds it.

use std::collections::BTreeMap;

use flusso_runtime::error::Result;
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::transport::segment;

/// In every state's name before the project's.
const STATE_MARK: &str = "flusso-state-";

/// Whose an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This project's.
    Us,
    /// Another project's.
    Project(String),
    /// No flusso project is known to own it.
    Unknown,
}

#[derive(Default, Deserialize)]
struct Described {
    #[serde(default)]
    mappings: Mappings,
}

#[derive(Default, Deserialize)]
struct Mappings {
    #[serde(rename = "_meta", default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    flusso: Option<Made>,
}

/// What each generation says of itself under `_meta.flusso`.
#[derive(Deserialize)]
struct Made {
    project: String,
}

#[derive(Deserialize)]
struct Found {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_index")]
    index: String,
}

/// Whose a concrete index is. What it says of itself wins: a state may be gone.
pub(crate) async fn of(client: &Client, name: &str, project: &str) -> Result<Owner> {
    let path = format!("/{}/_mapping?filter_path=*.mappings._meta.flusso", segment(name));
    let mut described: BTreeMap<String, Described> =
        client.get(&path).await?.json("the mapping of an index")?;
    let made = described.remove(name).unwrap_or_default().mappings.meta.flusso;
    let owners = match made {
        Some(made) => vec![made.project],
        None => projects_with(client, name).await?,
    };
    Ok(match owners.iter().find(|owner| *owner != project) {
        _ if owners.iter().any(|owner| owner == project) => Owner::Us,
        Some(other) => Owner::Project(other.clone()),
        None => Owner::Unknown,
    })
}

/// The projects whose state holds a generation of this name, under whatever prefix.
async fn projects_with(client: &Client, generation: &str) -> Result<Vec<String>> {
    let path = format!("/*{STATE_MARK}*/_search?expand_wildcards=all&size=10");
    let query = json!({
        "_source": false,
        "query": { "ids": { "values": [format!("generation:{generation}")] } },
    });
    let answered = client.post(&path, &query).await?;
    let found: Found = answered.json("a search of the states")?;
    let project = |hit: Hit| Some(hit.index.split_once(STATE_MARK)?.1.to_owned());
    Ok(found.hits.hits.into_iter().filter_map(project).collect())
}
