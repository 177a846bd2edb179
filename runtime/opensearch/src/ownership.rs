//! The mark of who made a concrete index, in its mapping's `_meta.flusso`, beside the user's own `_meta`.

use std::collections::BTreeMap;

use flusso_runtime::error::Result;
use flusso_runtime::sink::Owner;
use flusso_schemas::ownership::Ownership;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::transport::segment;

/// The key of our mark under `_meta`.
const KEY: &str = "flusso";

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    mappings: Mappings,
}

#[derive(Default, Deserialize)]
struct Mappings {
    #[serde(default, rename = "_meta")]
    meta: Map<String, Value>,
}

/// The mapping of a plan with the mark in it.
pub(crate) fn marked(mappings: &Value, ownership: &Ownership) -> Value {
    let mut mappings = mappings.as_object().cloned().unwrap_or_default();
    let meta = mappings.remove("_meta").and_then(|meta| meta.as_object().cloned()).unwrap_or_default();
    mappings.insert("_meta".to_owned(), with_mark(meta, ownership));
    Value::Object(mappings)
}

fn with_mark(mut meta: Map<String, Value>, ownership: &Ownership) -> Value {
    meta.insert(KEY.to_owned(), json!(ownership));
    Value::Object(meta)
}

/// The marks of the indexes behind a name, by concrete index; none for one without a mark that we know.
pub(crate) async fn read(client: &Client, name: &str) -> Result<BTreeMap<String, Option<Ownership>>> {
    let metas = metas(client, name).await?;
    let mark = |meta: Map<String, Value>| {
        meta.get(KEY).and_then(|mark| serde_json::from_value::<Ownership>(mark.clone()).ok())
    };
    Ok(metas.into_iter().map(|(index, meta)| (index, mark(meta))).collect())
}

/// What is read of any version's mark: more may be in it, and less where someone wrote it by hand.
#[derive(Deserialize)]
struct Mark {
    project: String,
    index: Option<String>,
    generation: Option<String>,
    source: Option<String>,
}

/// Who made the indexes behind a name, by concrete index, as far as their marks tell.
pub(crate) async fn owners(client: &Client, name: &str) -> Result<BTreeMap<String, Owner>> {
    let owner = |mut meta: Map<String, Value>| {
        let Mark { project, index, generation, source } = serde_json::from_value(meta.remove(KEY)?).ok()?;
        Some(Owner { project, index, generation, source })
    };
    let metas = metas(client, name).await?.into_iter();
    Ok(metas.filter_map(|(index, meta)| Some((index, owner(meta)?))).collect())
}

async fn metas(client: &Client, name: &str) -> Result<BTreeMap<String, Map<String, Value>>> {
    let path = format!("/{}/_mapping?expand_wildcards=all", segment(name));
    let answered = client.get(&path).await?;
    if answered.is_missing() {
        return Ok(BTreeMap::new());
    }
    let found: BTreeMap<String, Found> = answered.json("the mapping of an index")?;
    Ok(found.into_iter().map(|(index, found)| (index, found.mappings.meta)).collect())
}

/// Puts the mark into a generation that has another one or none. The server replaces `_meta` as a whole,
/// so what else is in it is sent again.
pub(crate) async fn restore(client: &Client, name: &str, ownership: &Ownership) -> Result<()> {
    let meta = metas(client, name).await?.remove(name).unwrap_or_default();
    if meta.get(KEY) == Some(&json!(ownership)) {
        return Ok(());
    }
    let body = json!({ "_meta": with_mark(meta, ownership) });
    let answered = client.put(&format!("/{}/_mapping", segment(name)), &body).await?;
    answered.success(&format!("the mark in the mapping of index `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_beside_the_users_own_meta() {
        let ownership = Ownership {
            version: 1,
            project: "shop".to_owned(),
            index: "orders".to_owned(),
            generation: "orders-0123abcd-1".to_owned(),
            source: "7/shop".to_owned(),
        };
        let marked = marked(&json!({ "_meta": { "team": "search" }, "dynamic": "strict" }), &ownership);
        let mark = json!({
            "version": 1, "project": "shop", "index": "orders", "generation": "orders-0123abcd-1",
            "source": "7/shop",
        });
        let expected = json!({ "_meta": { "team": "search", "flusso": mark }, "dynamic": "strict" });
        assert_eq!(marked, expected);
    }
}
