//! The body of an index: what its fields' kinds, options and subfields make of settings and mappings.

mod analysis;

use std::collections::BTreeMap;

use flusso_schemas::lock::settings;
use serde_json::{Map, Value, json};

use crate::kinds::{Kind, MappingContext};
use crate::model::{Field, Form, Index, Scalar, Shape, Subfield};
use crate::pg_type::{Enums, PgType};
use analysis::Analysis;

/// How long a deleted document's version is remembered: a late, older write within it is refused.
const GC_DELETES: &str = "2m";

/// `{"settings": …, "mappings": …}` with the static settings, and the dynamic ones by name.
pub(crate) fn body(index: &Index) -> (Value, BTreeMap<String, String>) {
    let mut analysis = Analysis::new(&index.analysis);
    let properties = properties(&index.fields, &mut analysis);
    let mut root = index.options.clone();
    root.insert("dynamic".to_owned(), index.dynamic.clone());
    let mut mappings = canonical_map(root);
    mappings.insert("properties".to_owned(), properties);
    let used = analysis.used_by(&Value::Object(mappings.clone()));

    let mut settings = index.settings.clone();
    settings.entry("gc_deletes".to_owned()).or_insert_with(|| GC_DELETES.into());
    if !used.is_empty() {
        settings.insert("analysis".to_owned(), Value::Object(used));
    }
    let settings: Map<String, Value> = settings.into_iter().collect();
    let (fixed, dynamic) = settings::split(&json!({ "index": settings }));
    (json!({ "settings": fixed, "mappings": mappings }), dynamic)
}

fn properties(fields: &[Field], analysis: &mut Analysis) -> Value {
    let mappings = fields.iter().map(|field| (field.key.clone(), field_mapping(field, analysis)));
    Value::Object(mappings.collect())
}

fn field_mapping(field: &Field, analysis: &mut Analysis) -> Value {
    match &field.form {
        Form::Scalar(scalar) => scalar_mapping(&field.path, scalar, analysis),
        Form::Aggregate(aggregate) => scalar_mapping(&field.path, &aggregate.result, analysis),
        Form::SameRow { fields, options } => object(None, options, fields, analysis),
        Form::Constant { kind, parameters, options, .. } => {
            let text = PgType::of_text("text", &Enums::new());
            value_mapping(&field.path, *kind, parameters, &text, options, None, analysis)
        }
        Form::Relation(relation) => match &relation.shape {
            Shape::Object { fields, nested, options } => {
                object(nested.then_some("nested"), options, fields, analysis)
            }
            Shape::Value(scalar) => scalar_mapping(&field.path, scalar, analysis),
        },
    }
}

fn object(
    opensearch_type: Option<&str>,
    options: &BTreeMap<String, Value>,
    fields: &[Field],
    analysis: &mut Analysis,
) -> Value {
    let mut parameters = options.clone();
    parameters.extend(opensearch_type.map(|name| ("type".to_owned(), name.into())));
    let mut mapping = canonical_map(parameters);
    mapping.insert("properties".to_owned(), properties(fields, analysis));
    Value::Object(mapping)
}

fn scalar_mapping(path: &str, scalar: &Scalar, analysis: &mut Analysis) -> Value {
    let Scalar { kind, parameters, pg_type, options, subfields, .. } = scalar;
    value_mapping(path, *kind, parameters, pg_type, options, subfields.as_ref(), analysis)
}

fn value_mapping(
    path: &str,
    kind: &dyn Kind,
    parameters: &BTreeMap<String, Value>,
    pg_type: &PgType,
    options: &BTreeMap<String, Value>,
    written: Option<&BTreeMap<String, Subfield>>,
    analysis: &mut Analysis,
) -> Value {
    let own = kind.mapping(&MappingContext { path, pg_type, parameters });
    analysis.add(own.analysis);
    let mut merged = own.parameters;
    merged.extend(options.clone());
    let mut mapping = canonical_map(merged);
    let subfields: Map<String, Value> = match written {
        None => own.subfields.into_iter().collect(),
        Some(written) => {
            let mappings = written.iter().map(|(name, subfield)| {
                let path = format!("{path}.{name}");
                (name.clone(), subfield_mapping(&path, subfield, pg_type, analysis))
            });
            mappings.collect()
        }
    };
    if !subfields.is_empty() {
        mapping.insert("fields".to_owned(), Value::Object(subfields));
    }
    Value::Object(mapping)
}

/// A subfield has no subfields: those that its kind brings are left out.
fn subfield_mapping(path: &str, subfield: &Subfield, pg_type: &PgType, analysis: &mut Analysis) -> Value {
    let context = MappingContext { path, pg_type, parameters: &BTreeMap::new() };
    let own = subfield.kind.mapping(&context);
    analysis.add(own.analysis);
    let mut merged = own.parameters;
    merged.extend(subfield.options.clone());
    Value::Object(canonical_map(merged))
}

/// Keys that are printed before all others, in this order.
const FIRST_KEYS: [&str; 2] = ["type", "tokenizer"];

/// The one order of a map whose order has no meaning: `type` and `tokenizer`, then by name.
fn canonical_map(mut entries: BTreeMap<String, Value>) -> Map<String, Value> {
    let mut map = Map::new();
    for name in FIRST_KEYS {
        map.extend(entries.remove(name).map(|value| (name.to_owned(), canonical(value))));
    }
    map.extend(entries.into_iter().map(|(name, value)| (name, canonical(value))));
    map
}

fn canonical(value: Value) -> Value {
    match value {
        Value::Object(entries) => Value::Object(canonical_map(entries.into_iter().collect())),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        plain => plain,
    }
}
