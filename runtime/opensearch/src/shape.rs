//! What has to be known of a concrete index to talk to it: its primaries and how durable its
//! acknowledgements are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use flusso_runtime::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::gone;
use crate::client::Client;
use crate::transport::segment;

/// How often shards that are starting are looked at, with pauses of at most 2 s: about 30 s.
pub(crate) const ATTEMPTS_MAX: u32 = 20;

/// Settings of a concrete index that are relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Number of primary shards.
    pub(crate) shards: usize,
    /// Whether an acknowledged write survives a kill of the server (`translog.durability: request`).
    pub(crate) durable: bool,
}

/// Shapes by concrete index, read once.
#[derive(Debug, Default)]
pub(crate) struct Shapes(Mutex<HashMap<String, Shape>>);

impl Shapes {
    pub(crate) async fn of(&self, client: &Client, name: &str) -> Result<Shape> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(*known);
        }
        let shape = read(client, name).await?.ok_or_else(|| gone(name))?;
        self.put(name, shape);
        Ok(shape)
    }

    pub(crate) fn put(&self, name: &str, shape: Shape) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), shape);
    }

    pub(crate) fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[derive(Deserialize)]
struct Settings {
    settings: Map<String, Value>,
}

/// `None` if the index does not exist.
pub(crate) async fn read(client: &Client, name: &str) -> Result<Option<Shape>> {
    let path = format!("/{}/_settings?flat_settings=true", segment(name));
    let answered = client.get(&path).await?;
    if answered.is_missing() {
        return Ok(None);
    }
    let mut all: BTreeMap<String, Settings> = answered.json("the settings of a generation")?;
    Ok(all.remove(name).map(|found| of(&found.settings)))
}

/// The shape that flat settings describe.
fn of(settings: &Map<String, Value>) -> Shape {
    let text = |name: &str| settings.get(name).and_then(Value::as_str);
    Shape {
        shards: text("index.number_of_shards").and_then(|number| number.parse().ok()).unwrap_or(1),
        durable: is_durable(text("index.translog.durability")),
    }
}

/// The server's own default is `request`.
pub(crate) fn is_durable(durability: Option<&str>) -> bool {
    durability.is_none_or(|value| value.eq_ignore_ascii_case("request"))
}

/// Its shards did not start in time.
pub(crate) fn not_started(name: &str) -> Error {
    Error::new(ErrorKind::Unanswered, format!("the primary shards of index `{name}` have not started"))
}

#[derive(Deserialize)]
struct Broadcast {
    #[serde(rename = "_shards")]
    shards: ShardCounts,
}

#[derive(Deserialize)]
struct ShardCounts {
    successful: usize,
    failed: usize,
}

/// Asks all shards of an index for something (`_refresh`, `_flush`) until every primary did it.
pub(crate) async fn broadcast(client: &Client, shapes: &Shapes, name: &str, what: &str) -> Result<()> {
    let shape = shapes.of(client, name).await?;
    let path = format!("/{}/{what}", segment(name));
    for attempt in 1..=ATTEMPTS_MAX {
        let answered = client.post(&path, &Value::Null).await?;
        if answered.is_missing() {
            return Err(gone(name));
        }
        let Broadcast { shards } = answered.json(&format!("`{what}` of index `{name}`"))?;
        // A primary that has not started yet is neither successful nor failed.
        if shards.failed == 0 && shards.successful >= shape.shards {
            return Ok(());
        }
        client.pause(attempt).await?;
    }
    Err(not_started(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn acknowledgements_are_durable_unless_the_translog_is_asynchronous() {
        let shape = |settings: Value| of(settings.as_object().expect("an object"));
        let plain = shape(json!({"index.number_of_shards": "3"}));
        assert_eq!(plain, Shape { shards: 3, durable: true });
        assert!(!shape(json!({"index.translog.durability": "ASYNC"})).durable);
        assert!(shape(json!({"index.translog.durability": "REQUEST"})).durable);
    }
}
