//! An index file as it is written.

use std::collections::BTreeMap;

use flusso_schemas::index_name;
use flusso_schemas::lock::OnError;
use flusso_schemas::name::TableName;
use serde_json::Value as Json;

use super::condition::{self, Conditions};
use super::field::{self, ParsedField};
use super::keys::{At, Keys, Reader};
use super::project::{self, inputs, require};
use super::scalar::parameter_value;
use super::settings;
use super::tree::{Content, Entry, Mapping};
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::index as grammar;
use crate::opensearch::parameters::ROOT_PARAMETERS;
use flusso_lints::words::nearest;
use flusso_lints::{duplicate_key, invalid_index_name, reserved_name, unknown_mapping_parameter, wrong_type};

/// Settings that every index has where none are written.
const DEFAULT_SETTINGS: [(&str, u64); 2] = [("number_of_replicas", 1), ("number_of_shards", 1)];

/// What an index file says of a mapping parameter or setting, by name.
pub type Values = BTreeMap<String, Json>;

/// What `defaults` of the project file and an index file may both say.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Settings by OpenSearch's own names.
    pub settings: Values,
    /// Where each of them is written.
    pub setting_places: BTreeMap<String, Place>,
    /// Analysis by section and name.
    pub analysis: BTreeMap<String, Values>,
    /// What a rejected document does.
    pub on_error: Option<OnError>,
    /// How a document key becomes the default of `column`.
    pub column_case: Option<ColumnCase>,
}

/// How a document key becomes a column's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnCase {
    /// The column has the field's name.
    Exact,
    /// The column has the field's name in snake_case.
    Snake,
}

/// An index file as it is written.
#[derive(Clone, Debug)]
pub struct ParsedIndex {
    /// Number of the file.
    pub file: usize,
    /// Name of the index and of its alias; `None` if missing or wrong.
    pub name: Option<At<String>>,
    /// The root table; `None` if missing or wrong.
    pub table: Option<At<TableName>>,
    /// Columns of the document's key, where they are written.
    pub key: Option<Vec<At<String>>>,
    /// Which rows are documents.
    pub conditions: Option<Conditions>,
    /// Sinks, where they are named.
    pub sinks: Option<Vec<At<String>>>,
    /// Settings, analysis and the rest, those of `defaults` merged in.
    pub shared: Shared,
    /// Settings that the index file itself writes, with their places.
    pub own_settings: BTreeMap<String, Place>,
    /// `dynamic` of the mapping's root.
    pub dynamic: Json,
    /// Other parameters of the mapping's root.
    pub options: Values,
    /// What the document holds.
    pub fields: Vec<ParsedField>,
    /// Hash of the file.
    pub inputs: String,
}

/// Reads an index file's tree.
pub fn read(reader: &mut Reader, root: &Mapping, schema: &str, defaults: &Shared) -> ParsedIndex {
    let keys = Keys::new(root, &grammar::INDEX);
    project::version(reader, &keys, root);
    let name = keys.get("index").and_then(|entry| index_name(reader, entry));
    require(reader, &keys, root, "index", "applications have no name to query");
    let table = keys.get("table").and_then(|entry| reader.table("table", &entry.value, schema));
    require(reader, &keys, root, "table", "the index has no rows");
    let own = shared(reader, &keys);
    let own_settings = own.setting_places.clone();
    let merged = merge(defaults, own);
    let context = field::Context { schema, column_case: merged.column_case.unwrap_or(ColumnCase::Exact) };
    let fields =
        keys.get("fields").map(|entry| field::fields(reader, entry, &context, "")).unwrap_or_default();
    require(reader, &keys, root, "fields", "its documents are empty");
    let index = ParsedIndex {
        file: reader.file,
        name,
        table,
        key: keys.get("key").map(|entry| reader.columns("key", &entry.value)),
        conditions: keys.get("where").and_then(|entry| condition::read(reader, entry)),
        sinks: keys.get("sinks").map(|entry| reader.texts("sinks", &entry.value)),
        shared: merged,
        own_settings,
        dynamic: keys.word(reader, "dynamic").map_or_else(|| "strict".into(), |word| dynamic(word.value)),
        options: keys.get("options").map(|entry| root_options(reader, entry)).unwrap_or_default(),
        fields,
        inputs: inputs(&Json::Object(root.json())),
    };
    plain_keys(reader, &keys);
    project::finish_file(reader, keys, root);
    index
}

/// Keys that do not reach the model.
fn plain_keys(reader: &mut Reader, keys: &Keys<'_>) {
    keys.text(reader, "description");
    keys.word(reader, "document_id");
    keys.refuse_not_yet(reader);
}

fn index_name(reader: &mut Reader, entry: &Entry) -> Option<At<String>> {
    let name = reader.text("index", &entry.value)?;
    let bytes_max = index_name::index_bytes_max(0);
    if name.value.len() > bytes_max {
        reader.push(invalid_index_name::too_long(&name.value, bytes_max, name.place));
        return None;
    }
    let fits = |text: &str| !text.is_empty() && index_name::refused_character(text, true).is_none();
    if fits(&name.value) {
        return Some(name);
    }
    let lower = Some(name.value.to_lowercase()).filter(|lower| *lower != name.value && fits(lower));
    reader.push(invalid_index_name::characters(&name.value, lower.as_deref(), name.place));
    None
}

/// `dynamic` as OpenSearch takes it.
fn dynamic(word: &str) -> Json {
    match word {
        "true" => true.into(),
        "false" => false.into(),
        word => word.into(),
    }
}

/// Parameters of the mapping's root.
fn root_options(reader: &mut Reader, entry: &Entry) -> Values {
    let Some(mapping) = reader.mapping("options", &entry.value) else { return Values::new() };
    let mut found = Values::new();
    for option in &mapping.entries {
        if option.key == "_source" {
            // Verification compares rows with what documents hold.
            reader.not_supported(option);
            continue;
        }
        if let ("_meta", Content::Map(meta)) = (option.key.as_str(), &option.value.content)
            && let Some(own) = meta.get("flusso")
        {
            let place = reader.place(&own.key_span);
            reader.push(reserved_name::meta_flusso(place));
        }
        match ROOT_PARAMETERS.iter().find(|row| row.name == option.key) {
            Some(row) => {
                found.extend(parameter_value(reader, option, row).map(|value| (option.key.clone(), value)));
            }
            None => reader.push(unknown_root_parameter(&option.key, reader.place(&option.key_span))),
        }
    }
    found
}

fn unknown_root_parameter(name: &str, place: Place) -> Diagnostic {
    let ours = match name {
        "properties" => Some("fields"),
        "dynamic" => Some("dynamic"),
        _ => None,
    };
    if let Some(ours) = ours {
        return unknown_mapping_parameter::has_own_key_at_the_top(name, ours, place);
    }
    if name == "_routing" {
        return unknown_mapping_parameter::routing(place);
    }
    let known: Vec<&str> = ROOT_PARAMETERS.iter().map(|row| row.name).collect();
    let near = nearest(name, known.iter().copied());
    unknown_mapping_parameter::of_root(name, near, &known, place)
}

/// Reads the keys that `defaults` has too.
pub(super) fn shared(reader: &mut Reader, keys: &Keys<'_>) -> Shared {
    let (settings, setting_places) =
        keys.get("settings").map(|entry| self::settings(reader, entry)).unwrap_or_default();
    Shared {
        settings,
        setting_places,
        analysis: keys.get("analysis").map(|entry| analysis(reader, entry)).unwrap_or_default(),
        on_error: keys.meaning(reader, "on_error", &grammar::ON_ERRORS),
        column_case: keys.meaning(reader, "column_case", &grammar::COLUMN_CASES),
    }
}

fn settings(reader: &mut Reader, entry: &Entry) -> (Values, BTreeMap<String, Place>) {
    let (mut found, mut places) = (Values::new(), BTreeMap::new());
    let Some(mapping) = reader.mapping("settings", &entry.value) else { return (found, places) };
    for (written, value) in settings::values(reader, mapping) {
        places.insert(written.name.clone(), reader.place(&written.entry.key_span));
        found.insert(written.name, value);
    }
    (found, places)
}

fn analysis(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, Values> {
    let mut found = BTreeMap::new();
    let Some(mapping) = reader.mapping("analysis", &entry.value) else { return found };
    let keys = Keys::new(mapping, &grammar::ANALYSIS);
    for section in grammar::ANALYSIS.keys.iter().map(|key| key.name) {
        let Some(entry) = keys.get(section) else { continue };
        let Some(parts) = reader.mapping(section, &entry.value) else { continue };
        for part in &parts.entries {
            if part.key.starts_with("flusso_") {
                let place = reader.place(&part.key_span);
                reader.push(reserved_name::analysis(&part.key, place));
            }
        }
        found.insert(section.to_owned(), parts.json().into_iter().collect());
    }
    keys.finish(reader);
    found
}

/// The index file's own, and of the defaults what it does not say; settings have their own defaults.
fn merge(defaults: &Shared, own: Shared) -> Shared {
    let mut settings: Values =
        DEFAULT_SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), Json::from(*value))).collect();
    settings.extend(defaults.settings.clone());
    settings.extend(own.settings);
    let mut analysis = defaults.analysis.clone();
    for (section, parts) in own.analysis {
        analysis.entry(section).or_default().extend(parts);
    }
    let setting_places = own.setting_places;
    Shared {
        settings,
        setting_places,
        analysis,
        on_error: own.on_error.or(defaults.on_error),
        column_case: own.column_case.or(defaults.column_case),
    }
}

impl Reader {
    /// A table's name, in the default schema where none is written.
    pub fn table(&mut self, key: &str, node: &super::tree::Node, schema: &str) -> Option<At<TableName>> {
        let text = self.text(key, node)?;
        match TableName::parse(&text.value, schema) {
            Ok(name) => Some(At { value: name, place: text.place }),
            Err(_) => {
                self.push(wrong_type::table_name(&text.value, text.place));
                None
            }
        }
    }

    /// One column or a list of different columns.
    pub fn columns(&mut self, key: &str, node: &super::tree::Node) -> Vec<At<String>> {
        let texts = self.texts(key, node);
        let columns: Vec<At<String>> =
            texts.into_iter().map(|text| column(&text.value, text.place)).collect();
        for (at, column) in columns.iter().enumerate() {
            if let Some(first) = columns[..at].iter().find(|first| first.value == column.value) {
                let (first, place) = (first.place.clone(), column.place.clone());
                self.push(duplicate_key::column(key, &column.value, first, place));
            }
        }
        columns
    }
}

/// A column's name without the quotes that Postgres would want.
pub fn column(text: &str, place: Place) -> At<String> {
    let name = text.parse::<flusso_schemas::name::Ident>();
    At { value: name.map_or_else(|_| text.to_owned(), |name| name.as_str().to_owned()), place }
}
