//! Parameters of a mapping under `options`, and subfields.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::kind::kind;
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::field::SUBFIELD;
use crate::model::Subfield;
use crate::opensearch::document::{self, FieldType};
use crate::opensearch::parameters::{self, Parameter};
use crate::syntax::index::Values;
use crate::syntax::keys::{Keys, Reader};
use crate::syntax::tree::{Content, Entry, YamlScalar};
use flusso_lints::words::nearest;
use flusso_lints::{
    default_type_mismatch, kind_mismatch, mapping_parameter_ignored, missing_key, reserved_field,
    unknown_mapping_parameter, wrong_type,
};

/// The part of a mapping whose `options` are read.
pub(in crate::syntax) struct OptionsOwner<'a> {
    /// Its name in messages: a kind's, or `an object`.
    pub(in crate::syntax) what: &'a str,
    /// The `type` of its mapping.
    pub(in crate::syntax) mapping_type: &'a str,
}

/// Reads `options` against the parameters that are known.
pub(in crate::syntax) fn options(
    reader: &mut Reader,
    entry: &Entry,
    of: &OptionsOwner<'_>,
    allowed: &[&str],
) -> Values {
    let Some(mapping) = reader.mapping("options", &entry.value) else { return Values::new() };
    let mut found = Values::new();
    for option in &mapping.entries {
        let place = reader.place(&option.key_span);
        let row = parameters::find(&option.key, of.mapping_type);
        let Some(row) = row.filter(|_| allowed.contains(&option.key.as_str())) else {
            reader.push(unknown_parameter(&option.key, of.what, allowed, place));
            continue;
        };
        if parameters::is_forgotten(&option.key, of.mapping_type) {
            reader.push(mapping_parameter_ignored::finding(&option.key, of.mapping_type, place));
        }
        found.extend(parameter_value(reader, option, row).map(|value| (option.key.clone(), value)));
    }
    let format = found.get("format").and_then(Json::as_str).map(str::to_owned);
    if let (Some(entry), Some(value)) = (mapping.get("null_value"), found.get("null_value")) {
        null_value(reader, entry, value, of.mapping_type, format.as_deref());
    }
    found
}

/// A parameter's value, where it is of the parameter's form.
pub(in crate::syntax) fn parameter_value(
    reader: &mut Reader,
    option: &Entry,
    row: &Parameter,
) -> Option<Json> {
    if option.value.scalar() == Some(YamlScalar::Null) {
        reader.wrong_type(&option.key, &option.value, &row.form.wanted());
        return None;
    }
    let value = option.value.json();
    if row.form.accepts(&value) {
        return Some(value);
    }
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let place = reader.place(&option.value.span);
    reader.push(wrong_type::refused_by_opensearch(&option.key, &shown, &row.form.wanted(), place));
    None
}

/// The server checks `null_value` of numbers only; what it takes of a date or an address loses each document
/// that has none.
fn null_value(reader: &mut Reader, entry: &Entry, value: &Json, mapping_type: &str, format: Option<&str>) {
    // The value of a count of tokens is a count; texts are made of numbers and booleans.
    let name = if mapping_type == "token_count" { "integer" } else { mapping_type };
    let value = match value {
        Json::Number(_) | Json::Bool(_) if name == "keyword" => Json::from(value.to_string()),
        other => other.clone(),
    };
    let field = FieldType { name, scaling_factor: 1, format };
    if let Some(wanted) = document::refusal(&field, &value) {
        let place = reader.place(&entry.value.span);
        reader.push(default_type_mismatch::null_value(mapping_type, &wanted, place));
    }
}

fn unknown_parameter(name: &str, what: &str, allowed: &[&str], place: Place) -> Diagnostic {
    let owned = match name {
        "type" => Some("kind"),
        "fields" => Some("subfields"),
        "properties" => Some("fields"),
        "copy_to" => Some("copy_from"),
        "scaling_factor" => Some("scale"),
        _ => None,
    };
    if let Some(ours) = owned {
        return unknown_mapping_parameter::has_own_key(name, ours, place);
    }
    let near = nearest(name, allowed.iter().copied());
    unknown_mapping_parameter::of_kind(what, name, near, allowed, place)
}

pub(super) fn subfields(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, Subfield> {
    let Some(mapping) = reader.mapping("subfields", &entry.value) else { return BTreeMap::new() };
    let read = mapping.entries.iter().filter_map(|entry| {
        name_holds(reader, entry)?;
        Some((entry.key.clone(), subfield(reader, entry)?))
    });
    read.collect()
}

/// A subfield is reached by `field.name`, so its own name has no dot.
fn name_holds(reader: &mut Reader, entry: &Entry) -> Option<()> {
    let name = entry.key.as_str();
    if !name.is_empty() && name.trim() == name && !name.contains('.') {
        return Some(());
    }
    let place = reader.place(&entry.key_span);
    reader.push(reserved_field::subfield(name, place));
    None
}

fn subfield(reader: &mut Reader, entry: &Entry) -> Option<Subfield> {
    let (name, place, options) = match &entry.value.content {
        Content::Map(mapping) => {
            let keys = Keys::new(mapping, &SUBFIELD);
            let kind = keys.text(reader, "kind");
            if !keys.has("kind") {
                let place = reader.place(&entry.key_span);
                reader.push(missing_key::subfield_kind(&entry.key, place));
            }
            let options = keys.get("options");
            keys.finish(reader);
            let kind = kind?;
            (kind.value, kind.place, options)
        }
        _ => {
            let kind = reader.text(&entry.key, &entry.value)?;
            (kind.value, kind.place, None)
        }
    };
    let kind = kind(reader, &name, &place)?.filter(|kind| kind.is_subfield());
    let Some(kind) = kind else {
        reader.push(kind_mismatch::of_subfield(&name, &reader.kinds.of_subfields(), place));
        return None;
    };
    let mapping_type = super::mapping_type(kind, &BTreeMap::new());
    let of = OptionsOwner { what: kind.name(), mapping_type: &mapping_type };
    let options = options.map(|entry| self::options(reader, entry, &of, kind.options())).unwrap_or_default();
    Some(Subfield { kind, options })
}
