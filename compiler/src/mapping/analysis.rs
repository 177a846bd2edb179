//! The analysis that enters a body: only what some field uses, whoever defined it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Parameters of a mapping that name an analyzer.
const ANALYZER_PARAMETERS: [&str; 3] = ["analyzer", "search_analyzer", "search_quote_analyzer"];

/// Analyzers that an index uses without any field naming them.
const USED_BY_NAME: [&str; 2] = ["default", "default_search"];

/// Definitions by section and name.
pub(super) struct Analysis {
    sections: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Analysis {
    /// What the index's file defines.
    pub(super) fn new(written: &BTreeMap<String, BTreeMap<String, Value>>) -> Self {
        Self { sections: written.clone() }
    }

    /// Adds what a kind brings.
    pub(super) fn add(&mut self, brought: BTreeMap<&'static str, BTreeMap<String, Value>>) {
        for (section, definitions) in brought {
            self.sections.entry(section.to_owned()).or_default().extend(definitions);
        }
    }

    /// The sections with what these mappings reach, in their one spelling.
    pub(super) fn used_by(self, mappings: &Value) -> Map<String, Value> {
        let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
        for name in USED_BY_NAME {
            self.reach("analyzer", name, &mut used);
        }
        self.reach_from_mapping(mappings, &mut used);
        let mut sections = Map::new();
        for (section, definitions) in &self.sections {
            let kept: Map<String, Value> = definitions
                .iter()
                .filter(|(name, _)| used.contains(&(section.as_str(), name.as_str())))
                .map(|(name, definition)| (name.clone(), super::canonical(definition.clone())))
                .collect();
            if !kept.is_empty() {
                sections.insert(section.clone(), Value::Object(kept));
            }
        }
        sections
    }

    fn reach_from_mapping<'a>(&'a self, value: &Value, used: &mut BTreeSet<(&'a str, &'a str)>) {
        let Value::Object(entries) = value else { return };
        for (name, entry) in entries {
            match entry.as_str() {
                Some(analyzer) if ANALYZER_PARAMETERS.contains(&name.as_str()) => {
                    self.reach("analyzer", analyzer, used);
                }
                Some(normalizer) if name == "normalizer" => self.reach("normalizer", normalizer, used),
                _ => self.reach_from_mapping(entry, used),
            }
        }
    }

    fn reach<'a>(&'a self, section: &str, name: &str, used: &mut BTreeSet<(&'a str, &'a str)>) {
        let Some((section, definitions)) = self.sections.get_key_value(section) else { return };
        let Some((name, definition)) = definitions.get_key_value(name) else { return };
        if used.insert((section, name)) {
            self.reach_parts(definition, used);
        }
    }

    /// Every text in a definition that is the name of a part is taken for its use. A `multiplexer` names
    /// several in one text.
    fn reach_parts<'a>(&'a self, value: &Value, used: &mut BTreeSet<(&'a str, &'a str)>) {
        match value {
            Value::String(text) => {
                for name in text.split(',').map(str::trim) {
                    ["tokenizer", "filter", "char_filter"]
                        .iter()
                        .for_each(|part| self.reach(part, name, used));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.reach_parts(item, used)),
            Value::Object(entries) => entries.values().for_each(|entry| self.reach_parts(entry, used)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_a_field_reaches_is_kept() {
        let written = serde_json::from_value(json!({
            "analyzer": {
                "prose": { "tokenizer": "standard", "filter": ["stems", "lowercase"] },
                "other": { "tokenizer": "cut" },
            },
            "filter": { "stems": { "type": "multiplexer", "filters": ["lowercase, inner"] }, "inner": {}, "unused": {} },
            "tokenizer": { "cut": {} },
        }))
        .expect("sections of definitions");
        let mappings = json!({ "properties": { "body": { "type": "text", "analyzer": "prose" } } });
        let used = Analysis::new(&written).used_by(&mappings);
        assert_eq!(used.keys().collect::<Vec<_>>(), ["analyzer", "filter"]);
        let names =
            |section: &str| used[section].as_object().map(|each| each.keys().cloned().collect::<Vec<_>>());
        assert_eq!(names("analyzer"), Some(vec!["prose".to_owned()]));
        assert_eq!(names("filter"), Some(vec!["inner".to_owned(), "stems".to_owned()]));
    }
}
