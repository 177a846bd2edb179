//! Before the swap: the settings a generation ends with, and its replicas.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::limits::REPLICAS_WAIT;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::gone;
use crate::client::{Client, unknown_answer};
use crate::settings::{IndexSettings, text};
use crate::transport::segment;

/// How long one question for replicas waits at the server; below the bound of a request.
const WAIT_AT_SERVER: Duration = Duration::from_secs(5);

/// Gives a generation its own settings and waits for the replicas that can start. Returns a sentence
/// where that is fewer than configured.
pub(crate) async fn finish(client: &Client, name: &str, settings: &IndexSettings) -> Result<Option<String>> {
    let changes = changes(settings.ending(), &current(client, name).await?);
    if !changes.is_empty() {
        let path = format!("/{}/_settings", segment(name));
        let answered = client.put(&path, &Value::Object(changes)).await?;
        answered.success(&format!("a change of the settings of index `{name}`"))?;
    }
    let configured = replicas(&current(client, name).await?);
    let possible = wait_for_replicas(client, name, configured).await?;
    Ok((possible < configured).then(|| {
        format!(
            "index `{name}` has {possible} of {configured} replicas: there are too few data nodes for more"
        )
    }))
}

/// Sets dynamic settings, given by name without `index.`; none gives one back to the server's default.
pub(crate) async fn set(
    client: &Client,
    name: &str,
    settings: &BTreeMap<String, Option<String>>,
) -> Result<()> {
    let body: Map<String, Value> =
        settings.iter().map(|(name, value)| (format!("index.{name}"), json!(value))).collect();
    let answered = client.put(&format!("/{}/_settings", segment(name)), &Value::Object(body)).await?;
    answered.success(&format!("a change of the settings of index `{name}`"))
}

#[derive(Deserialize)]
struct Settings {
    settings: Map<String, Value>,
}

async fn current(client: &Client, name: &str) -> Result<Map<String, Value>> {
    let answered = client.get(&format!("/{}/_settings?flat_settings=true", segment(name))).await?;
    if answered.is_missing() {
        return Err(gone(name));
    }
    let mut all: BTreeMap<String, Settings> = answered.json("the settings of a generation")?;
    Ok(all.remove(name).ok_or_else(|| gone(name))?.settings)
}

/// What of the wanted settings is not so yet. A static setting is refused even with the value it has.
fn changes(wanted: Map<String, Value>, current: &Map<String, Value>) -> Map<String, Value> {
    let is_so = |name: &str, value: &Value| match current.get(name) {
        None => value.is_null(),
        Some(current) => !value.is_null() && text(current) == text(value),
    };
    wanted.into_iter().filter(|(name, value)| !is_so(name, value)).collect()
}

/// How many replicas the server says it has, `auto_expand_replicas` applied.
fn replicas(settings: &Map<String, Value>) -> usize {
    let number = settings.get("index.number_of_replicas").and_then(Value::as_str);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[derive(Deserialize)]
struct Health {
    number_of_data_nodes: usize,
    active_primary_shards: usize,
    active_shards: usize,
}

/// Waits until each shard has as many started replicas as can start, and returns how many that is.
async fn wait_for_replicas(client: &Client, name: &str, configured: usize) -> Result<usize> {
    let began = Instant::now();
    let mut wait = Duration::ZERO;
    loop {
        let health = health(client, name, wait).await?;
        let possible = configured.min(health.number_of_data_nodes.saturating_sub(1));
        if health.active_primary_shards > 0
            && health.active_shards >= health.active_primary_shards * (1 + possible)
        {
            return Ok(possible);
        }
        if began.elapsed() > REPLICAS_WAIT {
            return Err(late(name, possible));
        }
        wait = WAIT_AT_SERVER;
        // The server answers at once where it does not know what to wait for.
        client.pause(1).await?;
    }
}

async fn health(client: &Client, name: &str, wait: Duration) -> Result<Health> {
    let path = format!(
        "/_cluster/health/{}?wait_for_status=green&timeout={}ms&filter_path=number_of_data_nodes,\
         active_primary_shards,active_shards,status",
        segment(name),
        wait.as_millis()
    );
    let answered = client.get(&path).await?;
    // A wait that ran out is 408, with the same body.
    if answered.response.status == 408 {
        let body = &answered.response.body;
        return serde_json::from_slice(body).map_err(|error| unknown_answer("health", error));
    }
    answered.json("the health of a generation")
}

fn late(name: &str, possible: usize) -> Error {
    let seconds = REPLICAS_WAIT.as_secs();
    let message = format!("index `{name}` has not started {possible} replicas within {seconds} s");
    Error::new(ErrorKind::Busy, message)
        .with_help("run `GET /_cluster/allocation/explain` to see why, then run `flusso apply` again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let object = |value: Value| value.as_object().expect("an object").clone();
        let current = object(json!({"index.codec": "best", "index.number_of_replicas": "0", "index.a": "1"}));
        let wanted = object(json!({
            "index.codec": "best", "index.number_of_replicas": 1, "index.a": null, "index.b": null,
        }));
        let expected = json!({"index.number_of_replicas": 1, "index.a": null});
        assert_eq!(Value::Object(changes(wanted, &current)), expected);
    }
}
