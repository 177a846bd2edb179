//! What the difference between two blocks of an index means: the least that makes documents of the old
//! one right for the new one, and every change by name.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lock::{Edge, IndexPlan, field_json};

/// The least that carries out a change, in the order of how much it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Documents stay as they are.
    #[default]
    Nothing,
    /// Dynamic settings are set on the index as it is.
    Settings,
    /// Every document is built and sent again.
    Refill,
    /// The mapping gains fields, and every document is built and sent again.
    Extend,
    /// Another index is built.
    Rebuild,
}

/// One difference between two blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What changed: `key`, `condition`, `fields.items.price.kind`, `settings.refresh_interval`,
    /// `tables.shop.orders.note`, …
    pub path: String,
    /// The old value; `None` for something new.
    pub from: Option<String>,
    /// The new value; `None` for something removed.
    pub to: Option<String>,
}

/// The difference between two blocks of one index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexChange {
    /// The most expensive effect of its changes.
    pub effect: Effect,
    /// Every change, in the order of the lock.
    pub changes: Vec<Change>,
}

/// Compares two blocks part by part.
pub fn compare(old: &IndexPlan, new: &IndexPlan) -> IndexChange {
    let mut found = IndexChange::default();
    found.part("key", Effect::Rebuild, text_of_key(old), text_of_key(new));
    let document_id = |plan: &IndexPlan| Some(format!("{:?}", plan.document_id).to_lowercase());
    found.part("document_id", Effect::Rebuild, document_id(old), document_id(new));
    found.part("condition", Effect::Rebuild, old.condition.clone(), new.condition.clone());
    let changed = found.fields(old, new);
    found.body(&old.body, &new.body, &changed);
    for name in names(&old.settings, &new.settings) {
        let value = |plan: &IndexPlan| plan.settings.get(&name).cloned();
        found.part(&format!("settings.{name}"), Effect::Settings, value(old), value(new));
    }
    for name in names(&old.rendering, &new.rendering) {
        let number = |plan: &IndexPlan| Some(plan.rendering.get(&name).copied().unwrap_or(1).to_string());
        found.part(&format!("rendering.{name}"), Effect::Refill, number(old), number(new));
    }
    found.edges(old, new);
    found
}

impl IndexChange {
    /// Records a part that differs, with what it takes.
    fn part(&mut self, path: &str, effect: Effect, from: Option<String>, to: Option<String>) {
        if from != to {
            self.effect = self.effect.max(effect);
            self.changes.push(Change { path: path.to_owned(), from, to });
        }
    }

    /// A field that is new only extends; any other difference changes what old documents hold. Returns
    /// the paths of fields that differ.
    fn fields(&mut self, old: &IndexPlan, new: &IndexPlan) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        for path in names(&old.fields, &new.fields) {
            let json = |plan: &IndexPlan| plan.fields.get(&path).map(field_json);
            let (was, is) = (json(old), json(new));
            if was == is {
                continue;
            }
            if let (Some(was), Some(is)) = (&was, &is) {
                for name in keys(was, is) {
                    let of = |field: &Value| field.get(&name).map(text);
                    self.part(&format!("fields.{path}.{name}"), Effect::Rebuild, of(was), of(is));
                }
            } else {
                let effect = if was.is_none() { Effect::Extend } else { Effect::Rebuild };
                let kind = |field: Value| field.get("kind").map(text);
                self.part(&format!("fields.{path}"), effect, was.and_then(kind), is.and_then(kind));
            }
            changed.insert(path);
        }
        changed
    }

    /// Settings and mappings. What the change of a field explains is not said a second time.
    fn body(&mut self, old: &Value, new: &Value, explained: &BTreeSet<String>) {
        let rest = |body: &Value| {
            let mut body = body.clone();
            body.pointer_mut("/mappings").and_then(Value::as_object_mut).map(|all| all.remove("properties"));
            leaves(&body)
        };
        let (old_rest, new_rest) = (rest(old), rest(new));
        for path in names(&old_rest, &new_rest) {
            let of = |all: &BTreeMap<String, String>| all.get(&path).cloned();
            self.part(&path, Effect::Rebuild, of(&old_rest), of(&new_rest));
        }
        let (old, new) = (mapped(old), mapped(new));
        for field in names(&old, &new) {
            let effect = if old.contains_key(&field) { Effect::Rebuild } else { Effect::Extend };
            let nothing = BTreeMap::new();
            let was = old.get(&field).unwrap_or(&nothing);
            let is = new.get(&field).unwrap_or(&nothing);
            if was != is && explained.contains(&field) {
                self.effect = self.effect.max(effect);
                continue;
            }
            for name in names(was, is) {
                let path = format!("mappings.{field}.{name}");
                self.part(&path, effect, was.get(&name).cloned(), is.get(&name).cloned());
            }
        }
    }

    /// Fewer edges mean fewer changes to follow; any other difference may have been missed.
    fn edges(&mut self, old: &IndexPlan, new: &IndexPlan) {
        let (old, new) = (columns(&old.edges), columns(&new.edges));
        for path in names(&old, &new) {
            let (from, to) = (old.get(&path).cloned(), new.get(&path).cloned());
            let effect = if to.is_none() { Effect::Nothing } else { Effect::Refill };
            self.part(&path, effect, from, to);
        }
    }
}

fn text_of_key(plan: &IndexPlan) -> Option<String> {
    let parts: Vec<String> =
        plan.key.iter().map(|part| format!("{} {}", part.column, part.pg_type)).collect();
    Some(parts.join(", "))
}

/// Everything that an edge relies on, by path.
fn columns(edges: &[Edge]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for edge in edges {
        let path = format!("tables.{}", edge.table);
        let navigation: Vec<String> = edge.navigation.iter().map(ToString::to_string).collect();
        all.insert(format!("{path} ({})", edge.roles.join(", ")), navigation.join(", "));
        for (column, facts) in &edge.columns {
            all.insert(format!("{path}.{column}"), facts.to_string());
        }
    }
    all
}

/// The parameters of every mapped field, by its path in a document.
fn mapped(body: &Value) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    if let Some(mappings) = body.get("mappings") {
        put_mapped(mappings, "", &mut all);
    }
    all
}

fn put_mapped(parent: &Value, path: &str, all: &mut BTreeMap<String, BTreeMap<String, String>>) {
    let properties = parent.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let mut own = field.clone();
        own.as_object_mut().map(|own| own.remove("properties"));
        all.insert(path.clone(), leaves(&own));
        put_mapped(field, &path, all);
    }
}

/// The leaves of a JSON value by dotted path.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    put_leaves(value, String::new(), &mut all);
    all
}

fn put_leaves(value: &Value, path: String, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (name, entry) in entries {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                put_leaves(entry, path, all);
            }
        }
        leaf => drop(all.insert(path, text(leaf))),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The keys of both maps, sorted, each once.
fn names<V>(old: &BTreeMap<String, V>, new: &BTreeMap<String, V>) -> BTreeSet<String> {
    old.keys().chain(new.keys()).cloned().collect()
}

fn keys(old: &Value, new: &Value) -> BTreeSet<String> {
    let keys = |value: &Value| value.as_object().cloned().unwrap_or_default();
    keys(old).into_iter().chain(keys(new)).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lock;

    fn example() -> IndexPlan {
        let text = include_str!("../fixtures/lock-example/flusso.lock");
        lock::read(text).expect("the example is a lock").indexes.remove(0)
    }

    fn changed(change: impl FnOnce(&mut IndexPlan)) -> (Effect, Vec<String>) {
        let mut new = example();
        change(&mut new);
        let found = compare(&example(), &new);
        (found.effect, found.changes.into_iter().map(|change| change.path).collect())
    }

    #[test]
    fn an_unchanged_index_needs_nothing() {
        assert_eq!(compare(&example(), &example()), IndexChange::default());
    }

    #[test]
    fn each_part_takes_what_it_needs_and_is_named() {
        let condition = changed(|new| new.condition = Some("deleted_at is null".to_owned()));
        assert_eq!(condition, (Effect::Rebuild, vec!["condition".to_owned()]));
        let settings = changed(|new| {
            new.settings.insert("max_slices".to_owned(), "9".to_owned());
        });
        assert_eq!(settings, (Effect::Settings, vec!["settings.max_slices".to_owned()]));
        let rendering = changed(|new| {
            new.rendering.insert("query".to_owned(), 7);
        });
        assert_eq!(rendering, (Effect::Refill, vec!["rendering.query".to_owned()]));
        let setting = changed(|new| new.body["settings"]["codec"] = json!("best_compression"));
        assert_eq!(setting, (Effect::Rebuild, vec!["settings.codec".to_owned()]));
    }

    #[test]
    fn a_field_that_is_new_extends_and_one_that_changed_rebuilds_and_each_is_said_once() {
        let (path, field) = example().fields.into_iter().next().expect("it has fields");
        let added = changed(|new| {
            new.fields.insert("added".to_owned(), field.clone());
            new.body["mappings"]["properties"]["added"] = json!({ "type": "keyword" });
        });
        assert_eq!(added, (Effect::Extend, vec!["fields.added".to_owned()]));
        let retyped = changed(|new| {
            new.fields.get_mut(&path).expect("it is there").kind = "binary".to_owned();
            new.body["mappings"]["properties"][&path]["type"] = json!("binary");
        });
        assert_eq!(retyped, (Effect::Rebuild, vec![format!("fields.{path}.kind")]));
        let parameter = changed(|new| new.body["mappings"]["properties"][&path]["store"] = json!(true));
        assert_eq!(parameter, (Effect::Rebuild, vec![format!("mappings.{path}.store")]));
    }

    #[test]
    fn edges_that_go_need_nothing_and_columns_that_come_a_refill() {
        let fewer = changed(|new| {
            new.edges.pop();
        });
        assert_eq!(fewer.0, Effect::Nothing);
        assert!(!fewer.1.is_empty());
        let column = crate::name::Ident::new("brand_new");
        let more = changed(|new| {
            let fact = crate::lock::ColumnFact { pg_type: "text".to_owned(), not_null: false };
            new.edges[0].columns.insert(column, fact);
        });
        assert_eq!(more.0, Effect::Refill);
        assert!(more.1[0].ends_with(".brand_new"), "{:?}", more.1);
    }
}
