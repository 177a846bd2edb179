//! What index templates of others would add to our indexes.

use std::collections::BTreeMap;

use flusso_lints::{template_adds_pipeline, template_interferes};
use flusso_runtime::error::Result;
use flusso_schemas::report::Finding;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::settings::flat;
use crate::transport::segment;

/// Settings that send every document through a pipeline.
const PIPELINES: [&str; 2] = ["index.default_pipeline", "index.final_pipeline"];
/// Settings that a template may give: those of ours always win.
const OURS: [&str; 4] =
    ["index.refresh_interval", "index.number_of_replicas", "index.auto_expand_replicas", "index.gc_deletes"];

/// Part of a body as a template holds it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Template {
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    mappings: Value,
    #[serde(default)]
    aliases: Map<String, Value>,
}

#[derive(Deserialize)]
struct Simulated {
    #[serde(default)]
    template: Template,
}

#[derive(Debug, Deserialize)]
struct Legacy {
    index_patterns: Vec<String>,
    #[serde(flatten)]
    template: Template,
}

/// The index templates of a server.
#[derive(Debug)]
pub(crate) struct Templates<'a> {
    client: &'a Client,
    /// Asked for once: the answer holds all of them, whichever index is judged.
    legacy: OnceCell<BTreeMap<String, Legacy>>,
}

impl<'a> Templates<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, legacy: OnceCell::new() }
    }

    /// What templates would add to an index of this name that is made with this body, if anything.
    pub(crate) async fn interference(&self, name: &str, body: &Value) -> Result<Option<Finding>> {
        let path = format!("/_index_template/_simulate_index/{}", segment(name));
        let what = "a simulation of index templates";
        let Simulated { template } = self.client.post(&path, &Value::Null).await?.json(what)?;
        let mut added = additions(&template, body);
        // A composable template that matches switches all legacy ones off, and a simulation is blind to those.
        let is_composed =
            !template.settings.is_null() || !template.mappings.is_null() || !template.aliases.is_empty();
        if !is_composed {
            let matching = self.legacy().await?.values().filter(|legacy| legacy.matches(name));
            added.extend(matching.flat_map(|legacy| additions(&legacy.template, body)));
        }
        Ok((!added.is_empty()).then(|| finding(name, &added)))
    }

    async fn legacy(&self) -> Result<&BTreeMap<String, Legacy>> {
        let ask = async || self.client.get("/_template").await?.json("the index templates");
        self.legacy.get_or_try_init(ask).await
    }
}

impl Legacy {
    fn matches(&self, name: &str) -> bool {
        self.index_patterns.iter().any(|pattern| matches_pattern(pattern, name))
    }
}

/// Whether a name matches a pattern with `*` in it.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches_pattern(after, &rest[at..]))
        }),
    }
}

/// What a template adds to a body, in words.
fn additions(template: &Template, body: &Value) -> Vec<String> {
    let ours = flat(body.get("settings").unwrap_or(&Value::Null));
    let is_ours = |name: &String| ours.contains_key(name) || OURS.contains(&name.as_str());
    let theirs = flat(&template.settings);
    let settings = theirs.iter().filter(|(name, _)| !is_ours(name));
    let mut added: Vec<String> = settings.map(|(name, value)| format!("setting `{name}` {value}")).collect();
    let properties = |mapping: &Value| {
        mapping.get("properties").and_then(Value::as_object).map(|fields| fields.keys().cloned().collect())
    };
    let known: Vec<String> = body.get("mappings").and_then(properties).unwrap_or_default();
    let fields: Vec<String> = properties(&template.mappings).unwrap_or_default();
    let unknown = fields.into_iter().filter(|field| !known.contains(field));
    added.extend(unknown.map(|field| format!("field `{field}`")));
    added.extend(template.aliases.keys().map(|alias| format!("alias `{alias}`")));
    added
}

fn finding(name: &str, added: &[String]) -> Finding {
    let is_pipeline = |added: &String| PIPELINES.iter().any(|pipeline| added.contains(pipeline));
    match added.iter().any(is_pipeline) {
        true => template_adds_pipeline::finding(name, added),
        false => template_interferes::finding(name, added),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(value: Value) -> Template {
        serde_json::from_value(value).expect("a template")
    }

    #[test]
    fn only_what_differs_is_named() {
        let theirs = template(json!({
            "settings": {"index": {"number_of_replicas": "3", "codec": "best", "number_of_shards": "9"}},
            "mappings": {"properties": {"a": {}, "extra": {}}},
            "aliases": {"everything": {}},
        }));
        let body = json!({"settings": {"number_of_shards": 1}, "mappings": {"properties": {"a": {}}}});
        let added = additions(&theirs, &body);
        assert_eq!(added, ["setting `index.codec` \"best\"", "field `extra`", "alias `everything`"]);
        assert_eq!(finding("i", &added).lint, template_interferes::LINT.name);
    }

    #[test]
    fn a_pipeline_of_a_template_is_fatal() {
        let theirs = template(json!({"settings": {"index.default_pipeline": "ghost"}}));
        assert_eq!(finding("i", &additions(&theirs, &json!({}))).lint, template_adds_pipeline::LINT.name);
    }

    #[test]
    fn patterns_match_as_the_server_matches_them() {
        for (pattern, matches) in
            [("*", true), ("ord*", true), ("*-1", true), ("o*-*1", true), ("orders", false), ("o*x", false)]
        {
            assert_eq!(matches_pattern(pattern, "orders-1"), matches, "{pattern}");
        }
    }
}
