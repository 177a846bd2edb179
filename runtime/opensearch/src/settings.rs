//! Index settings: those a generation is filled with and those it ends with.

use std::collections::BTreeMap;

use flusso_runtime::limits::GC_DELETES_MS;
use flusso_schemas::lock::settings::is_dynamic;
use serde_json::{Map, Value, json};

/// How often a search sees new documents.
const REFRESH_INTERVAL: &str = "index.refresh_interval";
/// Copies of each shard.
const REPLICAS: &str = "index.number_of_replicas";
/// The same, following the number of nodes; it would overrule the number while filling.
const AUTO_EXPAND: &str = "index.auto_expand_replicas";
/// How long a deleted document's version is remembered.
const GC_DELETES: &str = "index.gc_deletes";

/// The settings of one index by full name (`index.number_of_shards`): the plan's body, with those of
/// this environment on top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexSettings {
    all: Map<String, Value>,
    environment: Map<String, Value>,
}

impl IndexSettings {
    pub(crate) fn of(body: &Value, environment: &BTreeMap<String, String>) -> Self {
        let environment = flat(&json!(environment));
        let mut all = flat(body.get("settings").unwrap_or(&Value::Null));
        all.extend(environment.clone());
        all.insert(GC_DELETES.to_owned(), json!(format!("{}m", GC_DELETES_MS / 60_000)));
        Self { all, environment }
    }

    /// What a generation is made with: no replicas and no refresh while it is filled.
    pub(crate) fn filling(&self) -> Map<String, Value> {
        let mut settings = self.all.clone();
        settings.insert(REFRESH_INTERVAL.to_owned(), json!("-1"));
        settings.insert(REPLICAS.to_owned(), json!(0));
        settings.insert(AUTO_EXPAND.to_owned(), json!("false"));
        settings
    }

    /// What it takes before the swap: its own values, or null for the server's.
    pub(crate) fn ending(&self) -> Map<String, Value> {
        let mut settings = self.environment.clone();
        for name in [REFRESH_INTERVAL, REPLICAS, AUTO_EXPAND] {
            settings.insert(name.to_owned(), self.all.get(name).cloned().unwrap_or_default());
        }
        settings
    }

    /// Those that can change in place, by name without `index.`, but for the one that is flusso's own.
    pub(crate) fn dynamic(&self) -> BTreeMap<String, String> {
        let named = self.all.iter().filter(|(name, _)| *name != GC_DELETES);
        let named = named.map(|(name, value)| (name.strip_prefix("index.").unwrap_or(name), value));
        let dynamic = named.filter(|(name, _)| is_dynamic(name));
        dynamic.map(|(name, value)| (name.to_owned(), text(value))).collect()
    }

    /// One setting by its full name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }
}

/// A setting's value as the server prints it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Settings by full name, however they were nested: the server reads them so too.
pub(crate) fn flat(settings: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: String, value: &Value| {
        let name = if name.starts_with("index.") { name } else { format!("index.{name}") };
        out.insert(name, value.clone());
    };
    flatten(settings, "", &mut put);
    out
}

fn flatten(value: &Value, path: &str, put: &mut dyn FnMut(String, &Value)) {
    match value {
        Value::Object(entries) => {
            for (name, entry) in entries {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(entry, &path, put);
            }
        }
        Value::Null => {}
        leaf => put(path.to_owned(), leaf),
    }
}

/// Milliseconds of a time value as the server prints it (`2m`, `120s`, `500ms`, or a bare number of
/// milliseconds).
pub(crate) fn time_ms(text: &str) -> Option<u64> {
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(body: Value, environment: &[(&str, &str)]) -> IndexSettings {
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        IndexSettings::of(&json!({ "settings": body }), &environment.collect())
    }

    #[test]
    fn a_generation_is_filled_without_replicas_and_refreshes() {
        let body = json!({"index": {"number_of_replicas": 2, "auto_expand_replicas": "0-1", "sort": {"field": ["a"]}}});
        let filling = settings(body, &[("refresh_interval", "5s")]).filling();
        let expected = json!({
            "index.number_of_replicas": 0, "index.auto_expand_replicas": "false", "index.sort.field": ["a"],
            "index.refresh_interval": "-1", "index.gc_deletes": "2m",
        });
        assert_eq!(Value::Object(filling), expected);
    }

    #[test]
    fn it_ends_with_its_own_values_and_the_environments_on_top() {
        let body = json!({"number_of_replicas": 2, "gc_deletes": "10m"});
        let ending = settings(body, &[("number_of_replicas", "1"), ("index.priority", "5")]).ending();
        let expected = json!({
            "index.number_of_replicas": "1", "index.priority": "5",
            "index.refresh_interval": null, "index.auto_expand_replicas": null,
        });
        assert_eq!(Value::Object(ending), expected);
    }

    #[test]
    fn times_are_read_as_the_server_prints_them() {
        let all = ["2m", "120s", "120000ms", "120000"].map(time_ms);
        assert_eq!(all, [Some(120_000); 4]);
        assert_eq!(["", "m", "2 m", "-1"].map(time_ms), [None; 4]);
    }
}
