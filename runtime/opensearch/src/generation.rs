//! Concrete indexes: creating, identifying and removing them.

use std::collections::BTreeMap;

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::sink::{Belongings, GenerationIdentity};
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::ownership::Ownership;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alias;
use crate::answer;
use crate::client::Client;
use crate::names::{generation_number, write_alias};
use crate::ownership;
use crate::server_error::ServerError;
use crate::settings::IndexSettings;
use crate::shape;
use crate::transport::segment;

/// The highest number of a concrete index of this index; 0 where there is none.
pub(crate) async fn newest(client: &Client, prefix: &str, index: &str) -> Result<u64> {
    let pattern = segment(&format!("{prefix}{index}-*"));
    let path = format!("/{pattern}/_settings?filter_path=*.settings.index.uuid&expand_wildcards=all");
    let what = "the list of generations";
    let answered = client.get(&path).await?;
    let names: BTreeMap<String, Value> = answered.json(what)?;
    Ok(names.keys().filter_map(|name| generation_number(prefix, index, name)).max().unwrap_or(0))
}

/// Makes a generation with its write alias. One of that name that was there before is drift: a number
/// is never used twice.
pub(crate) async fn create(
    client: &Client,
    name: &str,
    index: &IndexPlan,
    settings: &IndexSettings,
    ownership: &Ownership,
) -> Result<()> {
    let mappings = index.body.get("mappings").unwrap_or(&Value::Null);
    let body = json!({
        "settings": settings.filling(),
        "mappings": ownership::marked(mappings, ownership),
        "aliases": { write_alias(name): {} },
    });
    let answered = client.put(&format!("/{}", segment(name)), &body).await?;
    let exists = ServerError::of(&answered.response).error_type == "resource_already_exists_exception";
    if exists && answered.resent {
        // Created by our first request, whose answer was lost.
        return Ok(());
    }
    if exists {
        return Err(Error::new(ErrorKind::Drift, format!("index `{name}` already exists"))
            .with_help("run `flusso apply` again: it takes the next number"));
    }
    answered.success(&format!("the creation of index `{name}`"))
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    indices: BTreeMap<String, IndexStats>,
}

#[derive(Deserialize)]
struct IndexStats {
    uuid: String,
    #[serde(default)]
    shards: BTreeMap<u32, Vec<ShardStats>>,
}

#[derive(Deserialize)]
struct ShardStats {
    routing: Routing,
    #[serde(default)]
    commit: Commit,
}

#[derive(Deserialize)]
struct Routing {
    primary: bool,
}

#[derive(Default, Deserialize)]
struct Commit {
    #[serde(default)]
    user_data: UserData,
}

#[derive(Default, Deserialize)]
struct UserData {
    history_uuid: Option<String>,
}

/// Its identity; `None` if it is gone. Waits for shards that are starting.
pub(crate) async fn identity(client: &Client, name: &str) -> Result<Option<GenerationIdentity>> {
    let path = format!(
        "/{}/_stats?level=shards&filter_path=indices.*.uuid,indices.*.shards.*.routing.primary,\
         indices.*.shards.*.commit.user_data.history_uuid",
        segment(name)
    );
    let Some(shape) = shape::read(client, name).await? else { return Ok(None) };
    for attempt in 1..=shape::ATTEMPTS_MAX {
        let answered = client.get(&path).await?;
        if answered.is_missing() {
            return Ok(None);
        }
        if ServerError::of(&answered.response).error_type == answer::CLOSED {
            return Err(answer::closed(name));
        }
        let mut stats: Stats = answered.json("the statistics of a generation")?;
        let found = stats.indices.remove(name).and_then(|stats| identity_of(stats, shape.shards));
        if found.is_some() {
            return Ok(found);
        }
        client.pause(attempt).await?;
    }
    Err(shape::not_started(name))
}

fn identity_of(stats: IndexStats, shards: usize) -> Option<GenerationIdentity> {
    let primary = |copies: Vec<ShardStats>| copies.into_iter().find(|copy| copy.routing.primary);
    let history = |copies| primary(copies).and_then(|copy| copy.commit.user_data.history_uuid);
    let history_uuids: Vec<String> = stats.shards.into_values().filter_map(history).collect();
    let all = history_uuids.len() == shards;
    all.then_some(GenerationIdentity { index_uuid: stats.uuid, history_uuids })
}

/// Who made a generation and what points to it; `None` if it is gone.
pub(crate) async fn belongings(client: &Client, name: &str) -> Result<Option<Belongings>> {
    let answered = client.get(&format!("/{}/_alias", segment(name))).await?;
    if answered.is_missing() {
        return Ok(None);
    }
    let mut found: BTreeMap<String, Aliases> = answered.json("the aliases of a generation")?;
    let mut aliases = found.remove(name).unwrap_or_default().aliases;
    let alias = write_alias(name);
    let may_write = |facts: &AliasFacts| facts.is_write_index != Some(false);
    let has_write_alias = aliases.remove(&alias).as_ref().is_some_and(may_write)
        && alias::targets(client, &alias).await?.is_some_and(|targets| targets == [name]);
    let aliases = aliases.into_keys().collect();
    let ownership = ownership::read(client, name).await?.remove(name).flatten();
    Ok(Some(Belongings { ownership, has_write_alias, aliases }))
}

/// Gives a generation of ours its mark and its write alias, where it lacks them. The name of a write alias
/// is ours: whatever else has it loses it.
pub(crate) async fn restore_belongings(client: &Client, name: &str, ownership: &Ownership) -> Result<()> {
    ownership::restore(client, name, ownership).await?;
    if belongings(client, name).await?.is_some_and(|belongings| belongings.has_write_alias) {
        return Ok(());
    }
    let alias = write_alias(name);
    let targets = alias::targets(client, &alias).await?.unwrap_or_default();
    let others = targets.iter().filter(|target| *target != name);
    let mut actions: Vec<Value> =
        others.map(|other| json!({ "remove": { "index": other, "alias": alias } })).collect();
    actions.push(json!({ "add": { "index": name, "alias": alias, "is_write_index": true } }));
    let answered = client.post("/_aliases", &json!({ "actions": actions })).await?;
    answered.success(&format!("the write alias `{alias}`"))
}

/// Removes a generation that only its write alias points to. Succeeds if there is none.
pub(crate) async fn drop(client: &Client, name: &str) -> Result<()> {
    let Some(Belongings { aliases, .. }) = belongings(client, name).await? else { return Ok(()) };
    if let Some(other) = aliases.first() {
        let message = format!("index `{name}` is not removed: alias `{other}` points to it");
        return Err(Error::new(ErrorKind::Drift, message)
            .with_help(format!("remove alias `{other}` from it, then run `flusso apply` again")));
    }
    let answered = client.delete(&format!("/{}", segment(name))).await?;
    if answered.is_missing() { Ok(()) } else { answered.success(&format!("the removal of index `{name}`")) }
}

#[derive(Default, Deserialize)]
struct Aliases {
    aliases: BTreeMap<String, AliasFacts>,
}

#[derive(Deserialize)]
struct AliasFacts {
    is_write_index: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_that_of_every_primary() {
        let stats = |text: &str| serde_json::from_str::<IndexStats>(text).expect("statistics");
        let text = r#"{"uuid":"u","shards":{
            "1":[{"routing":{"primary":true},"commit":{"user_data":{"history_uuid":"h1"}}}],
            "0":[{"routing":{"primary":false},"commit":{"user_data":{"history_uuid":"x"}}},
                 {"routing":{"primary":true},"commit":{"user_data":{"history_uuid":"h0"}}}]}}"#;
        let identity = identity_of(stats(text), 2).expect("both are there");
        assert_eq!(identity.history_uuids, ["h0", "h1"]);
        assert_eq!(identity_of(stats(text), 3), None, "one is still starting");
    }
}
