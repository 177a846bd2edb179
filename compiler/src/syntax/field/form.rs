//! What fills a field, once its head is known.

use super::{Context, ParsedAggregate, ParsedField, ParsedForm, ParsedRelation, ParsedShape, fields};
use crate::diagnostic::Place;
use crate::grammar::Forms;
use crate::grammar::field::LISTS;
use crate::model::{Function, Verb};
use crate::opensearch::parameters::OBJECT_PARAMETERS;
use crate::syntax::index::Values;
use crate::syntax::keys::{At, Keys, Reader};
use crate::syntax::relation::{self, FUNCTIONS, Order, VERBS};
use crate::syntax::scalar::{self, OptionsOwner};
use crate::syntax::tree::{Content, Entry};
use flusso_lints::{missing_key, mutually_exclusive_keys, wrong_type};

pub(super) fn headed(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    context: &Context<'_>,
    field: &ParsedField,
) -> Option<ParsedForm> {
    if let Some((_, verb)) = VERBS.iter().find(|(name, _)| *name == head.key) {
        return self::relation(reader, keys, head, *verb, context, field);
    }
    if let Some((_, function)) = FUNCTIONS.iter().find(|(name, _)| *name == head.key) {
        return aggregate(reader, keys, head, *function, context);
    }
    let scalar = scalar::of_constant(reader, &keys);
    refuse_required(reader, &keys, "a constant is never missing");
    keys.finish(reader);
    if reader.kinds.of_constant(&head.value).is_none() {
        let place = reader.place(&head.value.span);
        reader.push(wrong_type::constant(place));
        return None;
    }
    let value = scalar::document_value(reader, &head.value)?;
    Some(ParsedForm::Constant { written: head.value.clone(), value, scalar: scalar? })
}

/// Reports a promise of a value where there always is one, or none can be promised.
fn refuse_required(reader: &mut Reader, keys: &Keys<'_>, why: &str) {
    if let Some(entry) = keys.get("required") {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::required(why, place));
    }
}

pub(super) fn headless(
    reader: &mut Reader,
    keys: Keys<'_>,
    entry: &Entry,
    context: &Context<'_>,
    field: &ParsedField,
) -> Option<ParsedForm> {
    let (kind, inner) = (keys.get("kind"), keys.get("fields"));
    match (kind, inner) {
        (None, Some(inner)) => {
            keys.take_form(Forms::OBJECT);
            let options =
                keys.get("options").map(|entry| object_options(reader, entry, false)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            refuse_required(reader, &keys, "an object over this row is never missing");
            keys.finish(reader);
            Some(ParsedForm::SameRow { fields, options })
        }
        (Some(kind), Some(inner)) => {
            keys.take_all();
            keys.finish(reader);
            let (place, other) = (reader.place(&inner.key_span), reader.place(&kind.key_span));
            reader.push(mutually_exclusive_keys::kind_and_fields(other, place));
            None
        }
        (Some(_), None) => scalar::of_field(reader, keys, &field.key.value).map(ParsedForm::Scalar),
        (None, None) => {
            let before = reader.diagnostics.len();
            keys.take_all();
            let (scalar_keys, is_damaged) = (scalar::is_begun(reader, &keys), keys.is_damaged());
            keys.finish(reader);
            // A key from habit already says what is missing.
            if reader.diagnostics.len() == before && !is_damaged {
                let place = reader.place(&entry.key_span);
                reader.push(missing_key::field_form(&entry.key, scalar_keys, place));
            }
            None
        }
    }
}

/// Parameters of an object's mapping.
fn object_options(reader: &mut Reader, entry: &Entry, nested: bool) -> Values {
    let what = OptionsOwner { what: "an object", mapping_type: if nested { "nested" } else { "object" } };
    scalar::options(reader, entry, &what, &OBJECT_PARAMETERS)
}

fn relation(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    verb: Verb,
    context: &Context<'_>,
    field: &ParsedField,
) -> Option<ParsedForm> {
    keys.take_form(relation_form(&keys, verb));
    let path = relation::path(reader, &keys, head, context);
    let order_by = order_by(reader, &keys, verb);
    let (limit, distinct) = (limit(reader, &keys, verb), distinct(reader, &keys, verb));
    if verb.is_to_many() {
        refuse_required(reader, &keys, "a list is never missing, it is empty");
    }
    let shape = shape(reader, keys, head, verb, context, field);
    let path = path?;
    if verb == Verb::ManyToMany && path.through.len() != 1 {
        let place = reader.place(&head.key_span);
        reader.push(missing_key::through(place));
        return None;
    }
    let verb = At { value: verb, place: reader.place(&head.key_span) };
    Some(ParsedForm::Relation(Box::new(ParsedRelation {
        verb,
        path,
        order_by,
        limit,
        distinct,
        shape: shape?,
    })))
}

/// Whether a relation shows objects or values; where that is open it may have the keys of both.
fn relation_form(keys: &Keys<'_>, verb: Verb) -> Forms {
    let (objects, values) = (Forms::of_relation(verb, true), Forms::of_relation(verb, false));
    match (keys.get("fields"), keys.get("value")) {
        (Some(_), None) => objects,
        (None, Some(_)) => values,
        _ => objects.and(values),
    }
}

fn order_by(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> Vec<Order> {
    let entry = keys.get("order_by");
    if let (Verb::BelongsTo, Some(entry)) = (verb, entry) {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::at_most_one_row(&entry.key, verb.name(), place));
        return Vec::new();
    }
    entry.map(|entry| relation::order_by(reader, entry)).unwrap_or_default()
}

/// A key that is for lists only.
fn of_list<'a>(reader: &mut Reader, keys: &Keys<'a>, verb: Verb, key: &'static str) -> Option<&'a Entry> {
    let entry = keys.get(key)?;
    if !verb.is_to_many() {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::at_most_one_row(key, verb.name(), place));
        return None;
    }
    Some(entry)
}

fn limit(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> Option<u64> {
    of_list(reader, keys, verb, "limit")?;
    keys.whole(reader, "limit")
}

fn distinct(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> bool {
    let entry = of_list(reader, keys, verb, "distinct");
    entry.and_then(|_| keys.boolean(reader, "distinct")).unwrap_or_default()
}

fn shape(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    verb: Verb,
    context: &Context<'_>,
    field: &ParsedField,
) -> Option<ParsedShape> {
    match (keys.get("fields"), keys.get("value")) {
        (Some(inner), None) => {
            let nested = verb.is_to_many() && is_nested(reader, &keys);
            let options =
                keys.get("options").map(|entry| object_options(reader, entry, nested)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            keys.finish(reader);
            Some(ParsedShape::Object { fields, nested, options })
        }
        (None, Some(value)) => {
            let source = relation::source(reader, "value", &value.value);
            let in_list = verb.is_to_many();
            scalar::of_value(reader, keys, head, source, in_list)
                .map(|scalar| ParsedShape::Value(Box::new(scalar)))
        }
        (Some(inner), Some(value)) => {
            let (place, other) = (reader.place(&value.key_span), reader.place(&inner.key_span));
            reader.push(mutually_exclusive_keys::fields_and_value(other, place));
            None
        }
        (None, None) => {
            let before = reader.diagnostics.len();
            let is_damaged = keys.is_damaged();
            keys.take_all();
            keys.finish(reader);
            if reader.diagnostics.len() == before && !is_damaged {
                nothing_shown(reader, head, field);
            }
            None
        }
    }
}

fn nothing_shown(reader: &mut Reader, head: &Entry, field: &ParsedField) {
    let place = Place::new(reader.file, head.key_span.start..head.value.span.end);
    let table = match &head.value.content {
        Content::Scalar { text, .. } => text.as_str(),
        _ => "",
    };
    reader.push(missing_key::relation_shape(&field.key.value, table, place));
}

fn is_nested(reader: &mut Reader, keys: &Keys<'_>) -> bool {
    keys.meaning(reader, "kind", &LISTS).unwrap_or(true)
}

fn aggregate(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    function: Function,
    context: &Context<'_>,
) -> Option<ParsedForm> {
    let has_kind = function != Function::Exists && keys.has("kind");
    keys.take_form(Forms::of_aggregate(function, has_kind));
    if matches!(function, Function::Count | Function::Exists) {
        refuse_required(reader, &keys, &format!("`{}` always has a value", function.name()));
    }
    let path = relation::path(reader, &keys, head, context);
    let of = keys.get("of");
    if let (Function::Exists, Some(entry)) = (function, of) {
        let place = reader.place(&entry.key_span);
        reader.push(mutually_exclusive_keys::of_beside_exists(place));
    }
    let of_source = of.and_then(|entry| relation::source(reader, "of", &entry.value));
    let distinct = distinct_values(reader, &keys, function, of.is_some());
    if of.is_none() && !matches!(function, Function::Count | Function::Exists) {
        let place = reader.place(&head.key_span);
        reader.push(missing_key::aggregate_of(function.name(), place));
        return None;
    }
    let result = scalar::of_aggregate(reader, keys, head, function);
    let function = At { value: function, place: reader.place(&head.key_span) };
    Some(ParsedForm::Aggregate(Box::new(ParsedAggregate {
        function,
        path: path?,
        of: of_source,
        distinct,
        result: result?,
    })))
}

/// `distinct` of an aggregate: only a count of values can take each value once.
fn distinct_values(reader: &mut Reader, keys: &Keys<'_>, function: Function, has_of: bool) -> bool {
    let Some(entry) = keys.get("distinct") else { return false };
    if function == Function::Count && has_of {
        return keys.boolean(reader, "distinct").unwrap_or_default();
    }
    let place = reader.place(&entry.key_span);
    reader.push(mutually_exclusive_keys::distinct_beside(function.name(), place));
    false
}
