//! Reads `[[index]]`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::fingerprint::{edges_fingerprint, index_fingerprint};
use super::super::index::{DocumentIdForm, FieldPlan, IndexPlan, KeyColumn, OnError};
use super::super::settings;
use super::item::{Item, follows};
use super::problem::{Problem, Result};
use super::query::{Place, query};
use super::surroundings::Surroundings;
use super::{edge, field, levels, node};
use crate::name::Ident;

/// Every `[[index]]`.
pub(super) fn indexes(item: Item<'_>, around: &mut Surroundings) -> Result<Vec<IndexPlan>> {
    let mut indexes: Vec<IndexPlan> = Vec::new();
    for item in item.list()? {
        let at = item.at;
        let index = index(item, around)?;
        follows(at, indexes.last().map(|before| &before.name), &index.name)?;
        if let Some(other) = indexes.iter().find(|other| other.alias == index.alias) {
            let message = format!("alias `{}` is that of `[[index]] {}` too", index.alias, other.name);
            return Err(Problem::new(at, message));
        }
        indexes.push(index);
    }
    Ok(indexes)
}

fn index(item: Item<'_>, around: &mut Surroundings) -> Result<IndexPlan> {
    let mut keys = item.table("`[[index]]`")?;
    let name = keys.required("name")?.string()?;
    keys.rename(format!("`[[index]] {name}`"));
    keys.required("digest")?.hash()?;
    let fingerprints = (keys.required("fingerprint")?, keys.required("edges_fingerprint")?);
    let key = key(keys.required("key")?)?;
    let fields = keys.required("fields")?.map(|item| Ok((item.name.clone(), field::field(item)?)))?;
    let nodes = node::nodes(keys.required("node")?, &fields, key.len())?;
    let edges = edge::edges(keys.required("edge")?, &fields, key.len(), around)?;
    let index = IndexPlan {
        alias: keys.required("alias")?.string()?,
        sinks: keys.required("sinks")?.sorted(|item| around.sink(item))?,
        on_error: on_error(keys.required("on_error")?)?,
        document_id: document_id(keys.required("document_id")?)?,
        search_path: keys.required("search_path")?.list_of(Item::string)?,
        inputs: keys.required("inputs")?.hash()?,
        accepted: levels::accepted(keys.optional("accepted"))?,
        rendering: keys.optional_map("rendering", rendering)?,
        condition: keys.optional("condition").map(Item::filled_string).transpose()?,
        body: body(keys.required("body")?)?,
        settings: keys.optional_map("settings", setting)?,
        bound: query(keys.required("bound")?, Place::Bound, key.len())?,
        enums: keys.optional_map("enums", |item| Ok((item.name.clone(), item.list_of(Item::string)?)))?,
        unique: keys.optional_map("unique", |item| Ok((item.parsed_name()?, unique(item)?)))?,
        name,
        key,
        fields,
        nodes,
        edges,
    };
    keys.finish()?;
    same_fingerprint(fingerprints.0, &index.name, &index_fingerprint(&index))?;
    same_fingerprint(fingerprints.1, &index.name, &edges_fingerprint(&index))?;
    Ok(index)
}

fn same_fingerprint(item: Item<'_>, index: &str, computed: &str) -> Result<()> {
    let (at, name) = (item.at, item.name.clone());
    if item.hash()? == computed {
        return Ok(());
    }
    Err(Problem::new(
        at,
        format!("`{name}` of `[[index]] {index}` is not that of what stands there: `{computed}`"),
    ))
}

fn key(item: Item<'_>) -> Result<Vec<KeyColumn>> {
    let at = item.at;
    let key = item.list_of(|item| {
        let mut keys = item.table("`key`")?;
        let column = KeyColumn {
            column: keys.required("column")?.parsed()?,
            pg_type: keys.required("type")?.string()?,
        };
        keys.finish()?;
        Ok(column)
    })?;
    if key.is_empty() {
        return Err(Problem::new(at, "a document's key has at least one column"));
    }
    Ok(key)
}

fn on_error(item: Item<'_>) -> Result<OnError> {
    item.one_of(&[("stop", OnError::Stop), ("quarantine", OnError::Quarantine)])
}

fn document_id(item: Item<'_>) -> Result<DocumentIdForm> {
    item.one_of(&[("key", DocumentIdForm::Key), ("hash", DocumentIdForm::Hash)])
}

/// A kind or `query` with its number; 1 is left out.
fn rendering(item: Item<'_>) -> Result<(String, u32)> {
    let (at, name) = (item.at, item.name.clone());
    match u32::try_from(item.integer()?) {
        Ok(number) if number > 1 => Ok((name, number)),
        _ => Err(Problem::new(at, format!("`rendering` of `{name}` is not a number from 2"))),
    }
}

/// A dynamic setting; static ones belong into the body, because they are part of the fingerprint.
fn setting(item: Item<'_>) -> Result<(String, String)> {
    let (at, name) = (item.key_at, item.name.clone());
    if !settings::is_dynamic(&name) {
        return Err(Problem::new(at, format!("`{name}` is not a dynamic setting: expected it in `body`")));
    }
    Ok((name, item.string()?))
}

/// `{"settings": …, "mappings": …}` and nothing else, its settings static.
fn body(item: Item<'_>) -> Result<Value> {
    let at = item.at;
    let body: Value = serde_json::from_str(&item.string()?)
        .map_err(|error| Problem::new(at, format!("`body` is not JSON: {error}")))?;
    let has_both = body.as_object().is_some_and(|body| body.keys().eq(["settings", "mappings"]));
    if !has_both {
        return Err(Problem::new(at, "`body` is not an object of `settings` and `mappings`"));
    }
    if let Some(name) = settings::split(&body["settings"]).1.keys().next() {
        let message = format!("`{name}` is a dynamic setting: expected it in `[index.settings]`");
        return Err(Problem::new(at, message));
    }
    Ok(body)
}

fn unique(item: Item<'_>) -> Result<Vec<Vec<Ident>>> {
    item.list_of(|item| item.list_of(Item::parsed))
}

/// Whether a path is a field of the model.
pub(super) fn known_field(item: &Item<'_>, path: &str, fields: &BTreeMap<String, FieldPlan>) -> Result<()> {
    if fields.contains_key(path) {
        return Ok(());
    }
    Err(item.problem(format!("there is no field `{path}`")))
}
