//! Scalars as they are written: the kind, its own keys, the mapping's parameters, subfields.

mod kind;
mod options;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::index::Values;
use super::keys::{At, Keys, Reader};
use super::relation::{Source, source};
use super::tree::{Entry, Node};
use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::Kind;
use crate::model::{Function, Subfield};

pub use kind::constant_kind;
pub(super) use options::options;

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
pub(super) fn short_form(reader: &mut Reader, text: &str, node: &Node) -> Option<Scalar> {
    let place = reader.place(&node.span);
    let kind = kind::kind(reader, text, &place)?;
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
        let message = format!("`column` and `sql` would both fill `{name}`");
        reader.push(
            Diagnostic::deny("mutually-exclusive-keys", place, message)
                .related(other, "the other")
                .help("keep one of them"),
        );
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
) -> Option<Scalar> {
    if !keys.has("kind") {
        let place = reader.place(&head.key_span);
        reader.push(
            Diagnostic::deny("missing-key", place, "`value` has no kind")
                .help("write `kind: …` beside `value`"),
        );
        ask_all(&keys);
        keys.finish(reader);
        return None;
    }
    let mut scalar = beside_kind(reader, &keys, true);
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
        let message = format!("`{}` has no kind", head.key);
        reader.push(Diagnostic::deny("missing-key", place, message).help("write `kind: …` beside it"));
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
        let message = format!("a count is a whole number, and `{}` is not for those", kind.value.name());
        reader.push(
            Diagnostic::deny("kind-mismatch", kind.place.clone(), message)
                .help("write `short`, `integer` or `long`"),
        );
        return None;
    }
    Some(scalar)
}

/// What may stand where the form itself says the kind.
fn plain_beside(reader: &mut Reader, keys: &Keys<'_>, place: Place, may_default: bool) -> Scalar {
    let mut scalar = plain(None, place);
    if may_default {
        scalar.default = keys.get("default").map(|entry| default(reader, entry));
    }
    scalar
}

/// The kind of a constant, where it is written.
pub(super) fn of_constant(reader: &mut Reader, keys: &Keys<'_>) -> Option<Scalar> {
    if keys.has("kind") {
        return beside_kind(reader, keys, false);
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
        scalar.parameters = own_keys(reader, keys, kind);
        let places = scalar.parameters.keys().filter_map(|key| {
            let own = kind.own_keys().iter().find(|own| *own == key)?;
            Some((key.clone(), reader.place(&keys.get(own)?.value.span)))
        });
        scalar.parameter_places = places.collect();
        scalar.options = keys
            .get("options")
            .map(|entry| options(reader, entry, kind.name(), kind.options()))
            .unwrap_or_default();
        scalar.subfields = keys.get("subfields").map(|entry| options::subfields(reader, entry));
    } else if let Some(entry) = keys.get("options") {
        let place = reader.place(&entry.key_span);
        let message = "`auto` takes no `options`: the kind they belong to could change";
        reader
            .push(Diagnostic::deny("mutually-exclusive-keys", place, message).help("write the kind itself"));
    }
    if may_default {
        scalar.default = keys.get("default").map(|entry| default(reader, entry));
    }
    not_yet.is_empty().then_some(scalar)
}

fn default(reader: &mut Reader, entry: &Entry) -> At<Json> {
    if entry.value.is_missing() {
        reader.wrong_type("default", &entry.value, "a value");
    }
    At { value: entry.value.json(), place: reader.place(&entry.value.span) }
}

fn own_keys(reader: &mut Reader, keys: &Keys<'_>, kind: &'static dyn Kind) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    for key in kind.own_keys() {
        if let Some(value) = keys.get(key).and_then(|entry| own_value(reader, key, entry)) {
            found.insert((*key).to_owned(), value);
        }
    }
    found
}

/// The value of a kind's own key, checked for its form.
fn own_value(reader: &mut Reader, key: &str, entry: &Entry) -> Option<Json> {
    let node = &entry.value;
    match key {
        "scale" | "dimension" => reader.natural(key, node).map(|number| number.value.into()),
        "order" => {
            let labels = reader.texts(key, node);
            Some(labels.into_iter().map(|label| Json::from(label.value)).collect())
        }
        "labels" => {
            let labels = reader.mapping(key, node)?;
            let entries = labels.entries.iter().filter_map(|entry| {
                Some((entry.key.clone(), Json::from(reader.text(&entry.key, &entry.value)?.value)))
            });
            Some(Json::Object(entries.collect()))
        }
        "precision" => {
            let words = [("millis", "millis"), ("micros", "micros")];
            reader.word(key, node, &words).map(|word| word.value.into())
        }
        _ => reader.text(key, node).map(|text| text.value.into()),
    }
}
