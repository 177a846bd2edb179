//! Settings and mapping parameters, from the tables of what OpenSearch takes.

use std::collections::BTreeMap;

use flusso_schemas::lock::settings::is_dynamic;
use serde_json::{Map, Value as Json, json};

use super::words_and_booleans;
use crate::grammar::{SettingsOf, Value};
use crate::kinds::Kind;
use crate::opensearch::ValueForm;
use crate::opensearch::parameters::{self, OBJECT_PARAMETERS, ROOT_PARAMETERS};
use crate::opensearch::settings::all;
use crate::syntax::scalar::mapping_type;
use crate::syntax::settings::SHORT_NAMES;

pub(super) fn settings_name(of: SettingsOf) -> &'static str {
    match of {
        SettingsOf::Index => "settings",
        SettingsOf::Sink => "settings_of_a_sink",
    }
}

/// Settings by their names with dots. What is written as maps in maps, or behind `index.`, only the reader judges.
pub(super) fn settings(of: SettingsOf) -> Json {
    let mut properties = Map::new();
    let mut patterns = Map::from_iter([("^index\\.".to_owned(), json!(true))]);
    for setting in all() {
        let is_group = setting.name.ends_with('.');
        let example = format!("{}{}", setting.name, if is_group { "x" } else { "" });
        if of == SettingsOf::Sink && !is_dynamic(&example) {
            continue;
        }
        let schema = setting_value(of, setting.form);
        if is_group {
            patterns.insert(format!("^{}.", setting.name.replace('.', "\\.")), schema);
            continue;
        }
        // `codec: { compression_level: 3 }` is `codec.compression_level`.
        let prefix = format!("{}.", setting.name);
        let is_prefix = all().any(|other| other.name.starts_with(&prefix));
        let schema = if is_prefix { json!({ "anyOf": [schema, { "type": "object" }] }) } else { schema };
        for (short, _) in SHORT_NAMES.iter().filter(|(_, name)| *name == setting.name) {
            properties.insert((*short).to_owned(), schema.clone());
        }
        properties.insert(setting.name.to_owned(), schema);
    }
    for reserved in ["analysis", "blocks", "gc_deletes"] {
        properties.insert(reserved.to_owned(), json!(false));
    }
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": { "type": "object" },
    })
}

fn setting_value(of: SettingsOf, of_form: ValueForm) -> Json {
    match (of, of_form) {
        (SettingsOf::Index, ValueForm::Any) => json!({ "type": ["string", "number", "boolean", "array"] }),
        (SettingsOf::Index, of_form) => form(of_form),
        (SettingsOf::Sink, ValueForm::Any) => json!({ "type": ["string", "number", "boolean"] }),
        (SettingsOf::Sink, of_form) => json!({
            "anyOf": [form(of_form), { "type": "string", "pattern": "\\$\\{" }],
            "type": ["string", "number", "boolean"],
        }),
    }
}

/// Parameters of the mapping's root.
pub(super) fn root_options() -> Json {
    let mut schema = parameters_of(ROOT_PARAMETERS.iter().map(|row| (row.name, row.form)));
    schema["properties"]["_meta"]["properties"] = json!({ "flusso": false });
    schema["properties"]["_source"] = json!({ "not": {}, "description": "Not supported yet." });
    schema
}

/// Parameters of an object's mapping. Those of a list and of one object have the same values.
pub(super) fn object_options() -> Json {
    parameters_of(
        OBJECT_PARAMETERS.iter().filter_map(|name| Some((*name, parameters::find(name, "object")?.form))),
    )
}

/// `options` of a kind; where its own keys decide what they may be, in a chain over those.
pub(super) fn kind_options(kind: &'static dyn Kind) -> Json {
    let plain = options_with(kind, &BTreeMap::new());
    let mut schema = plain.clone();
    for key in kind.own_keys() {
        let Value::Word(words, _) = key.value else { continue };
        for word in words {
            let with = options_with(kind, &BTreeMap::from([(key.name.to_owned(), json!(word))]));
            if with != plain {
                let is_it = json!({ "properties": { key.name: { "const": word } }, "required": [key.name] });
                schema = json!({ "if": is_it, "then": with, "else": schema });
            }
        }
    }
    schema
}

fn options_with(kind: &'static dyn Kind, parameters: &BTreeMap<String, Json>) -> Json {
    let mapping_type = mapping_type(kind, parameters);
    let names = kind.options_with(parameters).iter();
    let rows = names.filter_map(|name| Some((*name, parameters::find(name, &mapping_type)?.form)));
    json!({ "properties": { "options": parameters_of(rows) } })
}

fn parameters_of(rows: impl Iterator<Item = (&'static str, ValueForm)>) -> Json {
    let properties: Map<String, Json> =
        rows.map(|(name, of_form)| (name.to_owned(), form(of_form))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A form of value. Numbers and booleans may be written as text.
fn form(form: ValueForm) -> Json {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match form {
        ValueForm::Boolean => json!({ "enum": [true, false, "true", "false"] }),
        ValueForm::Whole(least, most) => json!({
            "anyOf": [{ "type": "integer", "minimum": least, "maximum": most }, text("^[+-]?[0-9]+$")],
        }),
        ValueForm::Number(least, most) => json!({
            "anyOf": [
                { "type": "number", "minimum": least, "maximum": most },
                text("^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$"),
            ],
        }),
        ValueForm::Duration(least) => with_unit(
            "^[0-9]+\\s*([nN][aA][nN][oO][sS]|[mM][iI][cC][rR][oO][sS]|[mM]?[sS]|[mM]|[hH]|[dD])$",
            least,
        ),
        ValueForm::Size(least) => with_unit("^[0-9]+\\s*[kKmMgGtTpP]?[bB]$", least),
        ValueForm::Word(words) => json!({ "enum": words_and_booleans(words) }),
        ValueForm::Words(words) => one_or_list(&json!({ "enum": words })),
        ValueForm::Spread => {
            json!({ "anyOf": [{ "enum": [false, "false"] }, text("^\\+?[0-9]+-(all|\\+?[0-9]+)$")] })
        }
        ValueForm::Text => json!({ "type": "string" }),
        ValueForm::Texts => one_or_list(&json!({ "type": "string" })),
        ValueForm::TextMap => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ValueForm::NumberMap(keys) => {
            let properties: Map<String, Json> =
                keys.iter().map(|key| ((*key).to_owned(), json!({ "type": "number" }))).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        ValueForm::FieldValue | ValueForm::Any => json!({ "not": { "type": "null" } }),
    }
}

/// Only 0 and -1 need no unit, where the bound allows them.
fn with_unit(pattern: &str, least: i64) -> Json {
    let bare = [(0, least <= 0), (-1, least < 0)].into_iter().filter(|(_, allowed)| *allowed);
    let bare: Vec<Json> = bare.flat_map(|(number, _)| [json!(number), json!(number.to_string())]).collect();
    let text = json!({ "type": "string", "pattern": pattern });
    if bare.is_empty() { text } else { json!({ "anyOf": [{ "enum": bare }, text] }) }
}

fn one_or_list(item: &Json) -> Json {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}
