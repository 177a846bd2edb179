//! Scalars as they are written: the kind, its own keys, the mapping's parameters, subfields.

mod index_limits;
mod kind;
mod options;
mod own_keys;
mod zone;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::index::Values;
use super::keys::{At, Keys, Reader};
use super::relation::{Source, source};
use super::tree::{Entry, Node, YamlScalar};
use crate::diagnostic::Place;
use crate::grammar::Forms;
use crate::grammar::field::FIELD;
use crate::kinds::{self, Kind, MappingContext};
use crate::model::{Function, Subfield};
use crate::pg_type::{Enums, PgType};
use flusso_lints::{default_type_mismatch, kind_mismatch, missing_key, mutually_exclusive_keys};

pub(super) use options::{OptionsOwner, options, parameter_value};
pub(crate) use zone::ZONES_WITHOUT_AREA;
pub use zone::unknown_zone;

/// A kind with the keys beside it.
#[derive(Clone, Debug)]
pub struct ParsedScalar {
    /// The kind; none: `auto`, or what the form says by itself.
    pub kind: Option<At<&'static dyn Kind>>,
    /// Where to point for what concerns the kind.
    pub place: Place,
    /// Where its value comes from; none: the column of the field's name.
    pub source: Option<Source>,
    /// The kind's own keys as written.
    pub parameters: BTreeMap<String, Json>,
    /// The place of each of them.
    pub parameter_places: BTreeMap<String, Place>,
    /// Mapping parameters under `options`.
    pub options: Values,
    /// Every `ignore_above` of its mapping and of its subfields' that decides what is indexed.
    pub index_limits: Vec<At<u64>>,
    /// What replaces the kind's own subfields.
    pub subfields: Option<BTreeMap<String, Subfield>>,
    /// The value that replaces null.
    pub default: Option<At<Json>>,
}

/// Reads the short form `key: kind`.
pub(super) fn short_form(reader: &mut Reader, field: &str, text: &str, node: &Node) -> Option<ParsedScalar> {
    let place = reader.place(&node.span);
    let kind = kind::of_field(reader, field, text, &place)?;
    Some(plain(kind.map(|kind| At { value: kind, place: place.clone() }), place))
}

fn plain(kind: Option<At<&'static dyn Kind>>, place: Place) -> ParsedScalar {
    let (parameters, options) = (BTreeMap::new(), Values::new());
    let parameter_places = BTreeMap::new();
    ParsedScalar {
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
pub(super) fn of_field(reader: &mut Reader, keys: Keys<'_>, name: &str) -> Option<ParsedScalar> {
    keys.take_form(Forms::SCALAR);
    let source = own_source(reader, &keys, name);
    let is_cut = keys.is_cut();
    let mut scalar = beside_kind(reader, &keys, true).filter(|_| !is_cut);
    if let Some(scalar) = &mut scalar {
        scalar.source = source;
    } else {
        keys.take_all();
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
    if sql.is_some() {
        return keys.text(reader, "sql").map(Source::Sql);
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
) -> Option<ParsedScalar> {
    if !keys.has("kind") {
        let place = reader.place(&head.key_span);
        reader.push(missing_key::kind_beside("value", place));
        keys.take_all();
        keys.finish(reader);
        return None;
    }
    let mut scalar = beside_kind(reader, &keys, !in_list);
    if let Some(entry) = keys.get("default").filter(|_| in_list) {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::default_in_list(place));
    }
    if scalar.is_none() {
        keys.take_all();
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
) -> Option<ParsedScalar> {
    let needs_kind = matches!(function, Function::Sum | Function::Min | Function::Max);
    let place = reader.place(&head.key_span);
    if needs_kind && !keys.has("kind") {
        reader.push(missing_key::kind_beside(&head.key, place));
        keys.take_all();
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
        keys.take_all();
    }
    keys.finish(reader);
    let scalar = scalar?;
    if function == Function::Count
        && let Some(kind) = scalar.kind.as_ref().filter(|kind| kind.value.counts_as().is_none())
    {
        reader.push(kind_mismatch::of_count(kind.value.name(), kind.place.clone()));
        return None;
    }
    Some(scalar)
}

/// The keys beside a form that implies the kind.
fn plain_beside(reader: &mut Reader, keys: &Keys<'_>, place: Place, may_default: bool) -> ParsedScalar {
    let mut scalar = plain(None, place);
    if may_default {
        scalar.default = keys.get("default").and_then(|entry| default(reader, entry));
    }
    scalar
}

/// The kind of a constant, where it is written, and the parameters of its mapping.
pub(super) fn of_constant(reader: &mut Reader, keys: &Keys<'_>) -> Option<ParsedScalar> {
    let has_kind = keys.get("kind").is_some();
    keys.take_form(if has_kind { Forms::CONSTANT_OF_KIND } else { Forms::CONSTANT });
    if has_kind {
        let text = keys.text(reader, "kind")?;
        let kind = kind::kind(reader, &text.value, &text.place)?;
        let mut scalar = plain(kind.map(|kind| At { value: kind, place: text.place.clone() }), text.place);
        mapping_options(reader, keys, &mut scalar);
        return Some(scalar);
    }
    let place = keys.get("constant").map(|entry| reader.place(&entry.value.span));
    place.map(|place| plain(None, place))
}

/// Whether a key is written that only a value has, so that its kind was forgotten.
pub(super) fn is_begun(reader: &Reader, keys: &Keys<'_>) -> bool {
    let own_keys = reader.kinds.own_keys();
    let is_of_value = |key: &str| {
        FIELD.key(key, Forms::SCALAR).is_some_and(|key| !key.forms.meet(Forms::OF_OBJECTS))
            || own_keys.contains(key)
    };
    keys.written().any(is_of_value)
}

/// Reads `kind` and the keys beside it.
fn beside_kind(reader: &mut Reader, keys: &Keys<'_>, may_default: bool) -> Option<ParsedScalar> {
    let is_planned = keys.refuse_not_yet(reader);
    let text = keys.text(reader, "kind")?;
    let kind = kind::kind(reader, &text.value, &text.place)?;
    let mut scalar = plain(kind.map(|kind| At { value: kind, place: text.place.clone() }), text.place);
    let subfields = keys.get("subfields");
    if let Some(entry) = subfields.filter(|_| kind.is_none_or(|kind| !kind.has_subfields())) {
        let place = reader.place(&entry.key_span);
        let name = kind.map_or(kinds::AUTO, |kind| kind.name());
        reader.push(mutually_exclusive_keys::subfields_of(name, place));
    }
    if let Some(kind) = kind {
        keys.take_own_keys(kind.own_keys());
        scalar.parameters = own_keys::read(reader, keys, kind);
        let places = scalar.parameters.keys().filter_map(|key| {
            let own = kind.own_keys().iter().find(|own| own.name == key)?;
            Some((key.clone(), reader.place(&keys.get(own.name)?.value.span)))
        });
        scalar.parameter_places = places.collect();
        scalar.index_limits = index_limits::read(reader, keys);
        scalar.subfields = subfields.map(|entry| options::subfields(reader, entry));
    }
    mapping_options(reader, keys, &mut scalar);
    if may_default {
        scalar.default = keys.get("default").and_then(|entry| default(reader, entry));
    }
    (!is_planned).then_some(scalar)
}

/// Reads `options` of a scalar whose kind and own keys are known.
fn mapping_options(reader: &mut Reader, keys: &Keys<'_>, scalar: &mut ParsedScalar) {
    let Some(entry) = keys.get("options") else { return };
    let Some(kind) = scalar.kind.as_ref().map(|kind| kind.value) else {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::options_of_auto(place));
        return;
    };
    let mapping_type = mapping_type(kind, &scalar.parameters);
    let allowed = kind.options_with(&scalar.parameters);
    let what = OptionsOwner { what: kind.name(), mapping_type: &mapping_type };
    scalar.options = options(reader, entry, &what, allowed);
}

/// `type` of the mapping that a kind makes with these keys of its own.
pub(crate) fn mapping_type(kind: &'static dyn Kind, parameters: &BTreeMap<String, Json>) -> String {
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
