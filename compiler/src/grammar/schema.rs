//! The JSON Schemas of the two files, printed from the tables (draft 2020-12).
//!
//! A field is an if/then chain over its head and not a `oneOf`, so that an editor shows what is wrong with the form that
//! was begun and not with all of them.

mod opensearch;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::field::FIELD;
use super::index::INDEX;
use super::project::PROJECT;
use super::{Forms, Key, KeyTable, Level, NO_MOST, Need, OptionsOf, Value};
use crate::kinds::{AUTO, Kind, Kinds};
use crate::syntax::scalar::ZONES_WITHOUT_AREA;

/// Names of forms in `$defs`, with the key that leads to each and the one that tells it from its sibling.
const FORMS: [(&str, &str, Option<&str>, Forms); 15] = [
    ("belongs_to_value", "belongs_to", Some("value"), Forms::BELONGS_TO_VALUE),
    ("belongs_to_fields", "belongs_to", None, Forms::BELONGS_TO_OBJECT),
    ("has_one_value", "has_one", Some("value"), Forms::HAS_ONE_VALUE),
    ("has_one_fields", "has_one", None, Forms::HAS_ONE_OBJECT),
    ("has_many_value", "has_many", Some("value"), Forms::HAS_MANY_VALUES),
    ("has_many_fields", "has_many", None, Forms::HAS_MANY_OBJECTS),
    ("many_to_many_value", "many_to_many", Some("value"), Forms::MANY_TO_MANY_VALUES),
    ("many_to_many_fields", "many_to_many", None, Forms::MANY_TO_MANY_OBJECTS),
    ("count", "count", None, Forms::COUNTS),
    ("sum", "sum", None, Forms::SUM),
    ("avg", "avg", None, Forms::AVGS),
    ("min", "min", None, Forms::MIN),
    ("max", "max", None, Forms::MAX),
    ("exists", "exists", None, Forms::EXISTS),
    ("constant", "constant", None, Forms::CONSTANTS),
];

/// The schema of `flusso.yml`.
pub fn project(kinds: &Kinds) -> Json {
    file("flusso.yml", &PROJECT, kinds)
}

/// The schema of an index file.
pub fn index(kinds: &Kinds) -> Json {
    file("an index file of flusso", &INDEX, kinds)
}

fn file(title: &str, table: &'static KeyTable, kinds: &Kinds) -> Json {
    let mut writer = Writer { kinds, defs: BTreeMap::new() };
    let mut root = writer.table(table);
    let Json::Object(entries) = &mut root else { unreachable!("a table is an object") };
    // Anchors and notes.
    entries.insert("patternProperties".to_owned(), json!({ "^x-": true }));
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!(title)),
    ]);
    schema.append(entries);
    schema.insert("$defs".to_owned(), Json::Object(writer.defs.into_iter().collect()));
    Json::Object(schema)
}

struct Writer<'a> {
    kinds: &'a Kinds,
    defs: BTreeMap<String, Json>,
}

impl Writer<'_> {
    /// A reference to a definition, which is made where it is missing.
    fn reference(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.defs.contains_key(name) {
            // Its place is taken first: a condition holds conditions.
            self.defs.insert(name.to_owned(), Json::Null);
            let made = make(self);
            self.defs.insert(name.to_owned(), made);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn table(&mut self, table: &'static KeyTable) -> Json {
        let has_kind = table.keys.iter().any(|key| matches!(key.value, Value::Options(OptionsOf::Kind)));
        let mut schema = self.mapping(table, Forms::ALL);
        if has_kind {
            let options = self.reference("options_of_kind", Self::options_of_kind);
            schema["allOf"] = json!([options]);
        }
        schema
    }

    /// The keys of a mapping in these forms, but for those that the kind decides.
    fn mapping(&mut self, table: &'static KeyTable, forms: Forms) -> Json {
        let mut properties = Map::new();
        let (mut dependent, mut needed) = (Map::new(), Map::new());
        let mut is_closed = true;
        for key in table.keys_of(forms) {
            if matches!(key.value, Value::Options(OptionsOf::Kind)) || key.name == "subfields" {
                is_closed = false;
                continue;
            }
            properties.insert(key.name.to_owned(), self.key(key));
            if !key.excludes.is_empty() {
                dependent.insert(key.name.to_owned(), excludes(key));
            }
            if !key.needs.is_empty() {
                needed.insert(key.name.to_owned(), json!(key.needs));
            }
        }
        let required = table.keys_of(forms).filter(|key| key.need == Need::Required);
        let required: Vec<&str> = required.map(|key| key.name).collect();
        let mut schema = json!({ "type": "object", "description": table.docs, "properties": properties });
        let others =
            table.others.map_or(Json::Bool(false), |others| described(self.value(others.value), others.docs));
        schema[if is_closed { "additionalProperties" } else { "unevaluatedProperties" }] = others;
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !dependent.is_empty() {
            schema["dependentSchemas"] = Json::Object(dependent);
        }
        if !needed.is_empty() {
            schema["dependentRequired"] = Json::Object(needed);
        }
        if !table.any_of.is_empty() {
            let sets: Vec<Json> = table.any_of.iter().map(|keys| json!({ "required": keys })).collect();
            schema["anyOf"] = json!(sets);
        }
        size(&mut schema, table.size);
        schema
    }

    fn key(&mut self, key: &Key) -> Json {
        match key.need {
            Need::NotYet => json!({ "not": {}, "description": format!("Not supported yet. {}", key.docs) }),
            _ if key.default.is_empty() => described(self.value(key.value), key.docs),
            _ => described(self.value(key.value), &format!("{} Default: {}.", key.docs, key.default)),
        }
    }

    fn value(&mut self, value: Value) -> Json {
        match value {
            Value::Any => json!({ "not": { "type": "null" } }),
            Value::Raw => json!({}),
            Value::Null => json!({ "type": "null" }),
            Value::Text => json!({ "type": ["string", "number", "boolean"] }),
            Value::Pattern(pattern, _, types) => json!({ "type": types, "pattern": pattern, "minimum": 0 }),
            Value::Boolean => json!({ "type": "boolean" }),
            Value::Whole(least, NO_MOST) => json!({ "type": "integer", "minimum": least }),
            Value::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Value::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
            Value::Size => json!({ "type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$" }),
            Value::Word(words, _) => json!({ "enum": words_and_booleans(words) }),
            Value::OneOrMore(value) => self.listed(*value, json!({ "minItems": 1 })),
            Value::One(value) => self.listed(*value, json!({ "minItems": 1, "maxItems": 1 })),
            Value::AnyNumber(value) => self.listed(*value, json!({})),
            Value::Map(names) => {
                let mut schema = json!({ "type": "object", "additionalProperties": self.value(names.value) });
                if !names.reserved.is_empty() {
                    schema["patternProperties"] = json!({ names.reserved: false });
                }
                size(&mut schema, (names.least, usize::MAX));
                schema
            }
            Value::In(table) => self.reference(&slug(table.title), |writer| writer.table(table)),
            Value::Either(values) => {
                json!({ "anyOf": values.iter().map(|value| self.value(*value)).collect::<Vec<_>>() })
            }
            Value::Kind => self.reference("kind", |writer| {
                let kinds: Vec<&str> = writer.kinds.names().into_iter().chain([AUTO]).collect();
                json!({ "enum": kinds, "enumDescriptions": writer.first_sentences() })
            }),
            Value::SubfieldKind => json!({ "enum": self.kinds.of_subfields() }),
            Value::CountKind => {
                let kinds: Vec<&str> = self.kinds.of_counts().into_iter().chain([AUTO]).collect();
                json!({ "enum": kinds })
            }
            Value::Constant => constant(),
            Value::Test => json!({ "type": ["string", "number", "boolean", "null", "array"] }),
            Value::Fields(level) => self.fields(level),
            Value::TimeZone => json!({
                "type": "string",
                "anyOf": [
                    { "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*)+$" },
                    { "enum": ZONES_WITHOUT_AREA.as_slice() },
                ],
            }),
            Value::Labels => self.listed(Value::Text, json!({ "minItems": 1, "uniqueItems": true })),
            Value::NumberedLabels => json!({
                "type": "object",
                "minProperties": 1,
                "propertyNames": { "pattern": "^[+-]?[0-9]+$" },
                "additionalProperties": self.value(Value::Text),
            }),
            Value::Settings(of) => {
                self.reference(opensearch::settings_name(of), |_| opensearch::settings(of))
            }
            Value::Options(OptionsOf::Root) => opensearch::root_options(),
            Value::Options(OptionsOf::Object) => opensearch::object_options(),
            Value::Options(OptionsOf::Kind) => unreachable!("the kind decides"),
            Value::Lints => self.lints(),
        }
    }

    /// One value, or a list.
    fn listed(&mut self, value: Value, mut list: Json) -> Json {
        let item = self.value(value);
        list["type"] = json!("array");
        list["items"] = item.clone();
        json!({ "anyOf": [item, list] })
    }

    fn lints(&mut self) -> Json {
        let level = self.value(super::project::LEVEL);
        let adjustable = flusso_lints::ALL.iter().filter(|lint| lint.adjustable);
        let properties: Map<String, Json> = adjustable
            .map(|lint| {
                let docs = format!("{} Default: {}.", lint.summary, lint.level.word());
                (lint.name.to_owned(), described(level.clone(), &docs))
            })
            .collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }

    fn first_sentences(&self) -> Vec<&'static str> {
        let first = |kind: &'static dyn Kind| kind.docs().lines().next().unwrap_or_default();
        self.kinds.iter().map(first).chain(["The kind that follows from the column's type."]).collect()
    }

    fn fields(&mut self, level: Level) -> Json {
        let (name, pattern) = match level {
            Level::Root => ("fields", "^[^._\\s]([^.]*[^.\\s])?$"),
            Level::Object => ("fields_of_an_object", "^[^.\\s]([^.]*[^.\\s])?$"),
        };
        self.reference(name, |writer| {
            let field = writer.reference("field", Self::field);
            json!({
                "type": "object",
                "minProperties": 1,
                "propertyNames": { "pattern": pattern },
                "additionalProperties": field,
            })
        })
    }

    fn field(&mut self) -> Json {
        let scalar = self.form("value", Forms::SCALAR);
        let object = self.form("object", Forms::OBJECT);
        let has = |key: &str| json!({ "required": [key] });
        let mut chain = json!({ "if": has("fields"), "then": object, "else": scalar });
        // The first match decides, so the chain is built from its end.
        for (name, head, beside, forms) in FORMS.iter().rev() {
            let condition = match beside {
                Some(beside) => json!({ "required": [head, beside] }),
                None => has(head),
            };
            let form = self.form(name, *forms);
            chain = json!({ "if": condition, "then": form, "else": chain });
        }
        let kind = self.value(Value::Kind);
        json!({ "description": FIELD.docs, "if": { "type": "object" }, "then": chain, "else": kind })
    }

    fn form(&mut self, name: &str, forms: Forms) -> Json {
        self.reference(name, |writer| {
            let mut schema = writer.mapping(&FIELD, forms);
            if let Json::Object(entries) = &mut schema {
                entries.shift_remove("description");
            }
            if forms.meet(Forms::OF_KIND) {
                schema["allOf"] = json!([writer.reference("keys_of_kind", Self::keys_of_kind)]);
            } else if forms.meet(Forms::CONSTANT_OF_KIND) {
                schema["allOf"] = json!([writer.reference("options_of_kind", Self::options_of_kind)]);
            }
            schema
        })
    }

    /// What each kind brings: its own keys, subfields and parameters.
    fn keys_of_kind(&mut self) -> Json {
        self.by_kind(|writer, kind| {
            let name = format!("keys_of_{}", kind.name());
            writer.reference(&name, |writer| {
                let mut properties = Map::new();
                let mut dependent = Map::new();
                for key in kind.own_keys() {
                    properties.insert(key.name.to_owned(), writer.key(key));
                    if !key.excludes.is_empty() {
                        dependent.insert(key.name.to_owned(), excludes(key));
                    }
                }
                let subfields = FIELD.key("subfields", Forms::SCALAR).filter(|_| kind.has_subfields());
                properties.extend(subfields.map(|key| (key.name.to_owned(), writer.key(key))));
                let mut schema = json!({ "properties": properties, "allOf": [writer.options(kind)] });
                if !dependent.is_empty() {
                    schema["dependentSchemas"] = Json::Object(dependent);
                }
                schema
            })
        })
    }

    /// The mapping parameters of each kind.
    fn options_of_kind(&mut self) -> Json {
        self.by_kind(Self::options)
    }

    fn options(&mut self, kind: &'static dyn Kind) -> Json {
        self.reference(&format!("options_of_{}", kind.name()), |_| opensearch::kind_options(kind))
    }

    fn by_kind(&mut self, mut make: impl FnMut(&mut Self, &'static dyn Kind) -> Json) -> Json {
        let kinds: Vec<&'static dyn Kind> = self.kinds.iter().collect();
        let rules: Vec<Json> = kinds
            .into_iter()
            .map(|kind| {
                let is_it =
                    json!({ "properties": { "kind": { "const": kind.name() } }, "required": ["kind"] });
                json!({ "if": is_it, "then": make(self, kind) })
            })
            .collect();
        json!({ "allOf": rules })
    }
}

/// Text, numbers or booleans, or a list of one of them.
fn constant() -> Json {
    let list = |name: &str| json!({ "type": "array", "minItems": 1, "items": { "type": name } });
    json!({ "anyOf": [{ "type": ["string", "number", "boolean"] }, list("string"), list("number"), list("boolean")] })
}

fn excludes(key: &Key) -> Json {
    let others: Vec<Json> = key.excludes.iter().map(|other| json!({ "required": [other] })).collect();
    json!({ "not": { "anyOf": others } })
}

fn described(mut schema: Json, docs: &str) -> Json {
    schema["description"] = json!(docs);
    schema
}

fn size(schema: &mut Json, (least, most): (usize, usize)) {
    if least > 0 {
        schema["minProperties"] = json!(least);
    }
    if most < usize::MAX {
        schema["maxProperties"] = json!(most);
    }
}

/// Words as YAML reads them: `true` and `false` are booleans where they are not quoted.
fn words_and_booleans(words: &[&str]) -> Vec<Json> {
    let booleans = [("true", true), ("false", false)];
    let bare = booleans.iter().filter(|(word, _)| words.contains(word)).map(|(_, flag)| json!(flag));
    words.iter().map(|word| json!(word)).chain(bare).collect()
}

fn slug(title: &str) -> String {
    let name: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    name.trim_matches('_').to_owned()
}
