//! Scalars as they are written: the kind, its own keys, the mapping's parameters, subfields.

mod index_limits;
mod kind;
mod options;
mod own_keys;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::index::Values;
use super::keys::{At, Keys, Reader};
use super::relation::{Source, source};
use super::tree::{Entry, Node, Scalar as YamlScalar};
use crate::diagnostic::Place;
use crate::kinds::{self, Kind, MappingContext};
use crate::model::{Function, Subfield};
use crate::pg_type::{Enums, PgType};
use flusso_lints::{default_type_mismatch, kind_mismatch, missing_key, mutually_exclusive_keys};

pub use kind::constant_kind;
pub(super) use options::{OptionsOf, options, parameter_value};
pub use own_keys::unknown_zone;

/// A kind and all that stands beside it.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The kind; none: `auto`, or what the form says by itself.
    pub kind: Option<At<&'static dyn Kind>>,
    /// Where to point for what concerns the kind.
    pub place: Place,
    /// Where its value comes from; none: the column of the field's name.
    pub source: Option<Source>,
    /// The kind's own keys as written.
    pub parameters: BTreeMap<String, Json>,
    /// Where each of them stands.
    pub parameter_places: BTreeMap<String, Place>,
    /// The mapping's parameters.
    pub options: Values,
    /// Every `ignore_above` of its mapping and of its subfields' that decides what is indexed.
    pub index_limits: Vec<At<u64>>,
    /// What replaces the kind's own subfields.
    pub subfields: Option<BTreeMap<String, Subfield>>,
    /// What stands for null.
    pub default: Option<At<Json>>,
}

/// Own keys of every kind, so that none of them is unknown where the kind could not be read.
const OWN_KEYS: [&str; 17] = [
    "as",
    "contexts",
    "dimension",
    "gt",
    "gte",
    "labels",
    "lat",
    "lon",
    "lt",
    "lte",
    "of",
    "opensearch",
    "order",
    "precision",
    "scale",
    "weight",
    "zone",
];

/// Own keys whose grammar is known and not built.
const KEYS_NOT_YET: [&str; 2] = ["copy_from", "transforms"];

/// `key: kind`
pub(super) fn short_form(reader: &mut Reader, field: &str, text: &str, node: &Node) -> Option<Scalar> {
    let place = reader.place(&node.span);
    let kind = kind::of_field(reader, field, text, &place)?;
    Some(plain(kind.map(|kind| At { value: kind, place: place.clone() }), place))
}

fn plain(kind: Option<At<&'static dyn Kind>>, place: Place) -> Scalar {
    let (parameters, options) = (BTreeMap::new(), Values::new());
    let parameter_places = BTreeMap::new();
    Scalar {
        kind,
        place,
        source: None,
        parameters,
        parameter_places,
        options,
        index_limits: Vec::new(),
        subfields: None,
        default: None,
    }
}

/// A scalar over this row: `{ kind: …, column: … }`.
pub(super) fn of_field(reader: &mut Reader, keys: Keys<'_>, name: &str) -> Option<Scalar> {
    let source = own_source(reader, &keys, name);
    let is_cut = keys.is_cut();
    let mut scalar = beside_kind(reader, &keys, true).filter(|_| !is_cut);
    if let Some(scalar) = &mut scalar {
        scalar.source = source;
    } else {
        ask_all(&keys);
    }
    keys.finish(reader);
    scalar
}

fn own_source(reader: &mut Reader, keys: &Keys<'_>, name: &str) -> Option<Source> {
    let (column, sql) = (keys.get("column"), keys.get("sql"));
    if let (Some(column), Some(sql)) = (column, sql) {
        let (place, other) = (reader.place(&sql.key_span), reader.place(&column.key_span));
        reader.push(mutually_exclusive_keys::column_and_sql(name, other, place));
    }
    if let Some(sql) = sql {
        return reader.text("sql", &sql.value).map(Source::Sql);
    }
    column.and_then(|entry| source(reader, "column", &entry.value))
}

/// The value of a relation: `value: name, kind: keyword`.
pub(super) fn of_value(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    source: Option<Source>,
    in_list: bool,
) -> Option<Scalar> {
    if !keys.has("kind") {
        let place = reader.place(&head.key_span);
        reader.push(missing_key::kind_beside("value", place));
        ask_all(&keys);
        keys.finish(reader);
        return None;
    }
    let mut scalar = beside_kind(reader, &keys, !in_list);
    if let Some(entry) = keys.get("default").filter(|_| in_list) {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::default_in_list(place));
    }
    if scalar.is_none() {
        ask_all(&keys);
    }
    keys.finish(reader);
    scalar.as_mut()?.source = Some(source?);
    scalar
}

/// The result of an aggregate.
pub(super) fn of_aggregate(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    function: Function,
) -> Option<Scalar> {
    let needs_kind = matches!(function, Function::Sum | Function::Min | Function::Max);
    let place = reader.place(&head.key_span);
    if needs_kind && !keys.has("kind") {
        reader.push(missing_key::kind_beside(&head.key, place));
        ask_all(&keys);
        keys.finish(reader);
        return None;
    }
    let may_default = !matches!(function, Function::Count | Function::Exists);
    let scalar = if function == Function::Exists || !keys.has("kind") {
        Some(plain_beside(reader, &keys, place, may_default))
    } else {
        beside_kind(reader, &keys, may_default)
    };
    if scalar.is_none() {
        ask_all(&keys);
    }
    keys.finish(reader);
    let scalar = scalar?;
    if function == Function::Count
        && let Some(kind) =
            scalar.kind.as_ref().filter(|kind| !matches!(kind.value.name(), "short" | "integer" | "long"))
    {
        reader.push(kind_mismatch::of_count(kind.value.name(), kind.place.clone()));
        return None;
    }
    Some(scalar)
}

/// What may stand where the form itself says the kind.
fn plain_beside(reader: &mut Reader, keys: &Keys<'_>, place: Place, may_default: bool) -> Scalar {
    let mut scalar = plain(None, place);
    if may_default {
        scalar.default = keys.get("default").and_then(|entry| default(reader, entry));
    }
    scalar
}

/// The kind of a constant, where it is written, and the parameters of its mapping.
pub(super) fn of_constant(reader: &mut Reader, keys: &Keys<'_>) -> Option<Scalar> {
    if let Some(entry) = keys.get("kind") {
        let text = reader.text("kind", &entry.value)?;
        let kind = kind::kind(reader, &text.value, &text.place)?;
        let mut scalar = plain(kind.map(|kind| At { value: kind, place: text.place.clone() }), text.place);
        mapping_options(reader, keys, &mut scalar);
        return Some(scalar);
    }
    let place = keys.get("constant").map(|entry| reader.place(&entry.value.span));
    place.map(|place| plain(None, place))
}

/// Asks for every key that a scalar may have, so that none of them is unknown; says whether one stands here.
pub(super) fn ask_all(keys: &Keys<'_>) -> bool {
    let plain = ["kind", "column", "sql", "default", "options", "subfields", "fields", "value"];
    let all = plain.iter().chain(&OWN_KEYS).chain(&KEYS_NOT_YET);
    all.filter(|key| keys.get(key).is_some()).count() > 0
}

/// Reads `kind` and what may stand beside it.
fn beside_kind(reader: &mut Reader, keys: &Keys<'_>, may_default: bool) -> Option<Scalar> {
    let not_yet: Vec<&Entry> = KEYS_NOT_YET.iter().filter_map(|key| keys.get(key)).collect();
    not_yet.iter().for_each(|entry| reader.not_supported(entry));
    let entry = keys.get("kind")?;
    let text = reader.text("kind", &entry.value)?;
    let kind = kind::kind(reader, &text.value, &text.place)?;
    let mut scalar = plain(kind.map(|kind| At { value: kind, place: text.place.clone() }), text.place);
    if let Some(kind) = kind {
        scalar.parameters = own_keys::read(reader, keys, kind);
        let places = scalar.parameters.keys().filter_map(|key| {
            let own = kind.own_keys().iter().find(|own| *own == key)?;
            Some((key.clone(), reader.place(&keys.get(own)?.value.span)))
        });
        scalar.parameter_places = places.collect();
        let subfields = keys.get("subfields");
        if let Some(entry) = subfields.filter(|_| kind.name() == "json") {
            let place = reader.place(&entry.key_span);
            reader.push(mutually_exclusive_keys::subfields_of(kind.name(), place));
        }
        scalar.index_limits = index_limits::read(reader, keys);
        scalar.subfields = subfields.map(|entry| options::subfields(reader, entry));
    }
    mapping_options(reader, keys, &mut scalar);
    if may_default {
        scalar.default = keys.get("default").and_then(|entry| default(reader, entry));
    }
    not_yet.is_empty().then_some(scalar)
}

/// Reads `options` of a scalar whose kind and own keys are known.
fn mapping_options(reader: &mut Reader, keys: &Keys<'_>, scalar: &mut Scalar) {
    let Some(entry) = keys.get("options") else { return };
    let Some(kind) = scalar.kind.as_ref().map(|kind| kind.value) else {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::options_of_auto(place));
        return;
    };
    let mapping_type = mapping_type(kind, &scalar.parameters);
    // A span of time in seconds is a number in the index.
    let of_type = kinds::find(&mapping_type).filter(|_| mapping_type == "double");
    let allowed = of_type.map_or_else(|| kind.options(), Kind::options);
    let what = OptionsOf { what: kind.name(), mapping_type: &mapping_type };
    scalar.options = options(reader, entry, &what, allowed);
}

/// `type` of the mapping that a kind makes with these keys of its own.
fn mapping_type(kind: &'static dyn Kind, parameters: &BTreeMap<String, Json>) -> String {
    let text = PgType::of_text("text", &Enums::new());
    let mapping = kind.mapping(&MappingContext { path: "", pg_type: &text, parameters });
    mapping.parameters["type"].as_str().expect("a mapping's type is a text").to_owned()
}

fn default(reader: &mut Reader, entry: &Entry) -> Option<At<Json>> {
    if entry.value.scalar() == Some(YamlScalar::Null) {
        reader.wrong_type("default", &entry.value, "a value");
        return None;
    }
    document_value(reader, &entry.value)
}

/// A value as every document holds it; what JSON cannot hold is reported.
pub(super) fn document_value(reader: &mut Reader, node: &Node) -> Option<At<Json>> {
    let place = reader.place(&node.span);
    let Some(value) = node.document_json() else {
        reader.push(default_type_mismatch::out_of_range(place));
        return None;
    };
    Some(At { value, place })
}
