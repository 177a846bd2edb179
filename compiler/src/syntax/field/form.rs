//! What fills a field, once its head is known.

use super::{Aggregate, Context, Field, Form, Relation, Shape, fields};
use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Function, Verb};
use crate::syntax::index::Values;
use crate::syntax::keys::{At, Keys, Reader};
use crate::syntax::relation::{self, FUNCTIONS, Order, VERBS};
use crate::syntax::scalar::{self, OptionsOf};
use crate::syntax::tree::{Content, Entry};

pub(super) fn headed(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    context: &Context<'_>,
    field: &Field,
) -> Option<Form> {
    keys.call(if head.key == "constant" { "a constant" } else { "a relation" });
    if let Some((_, verb)) = VERBS.iter().find(|(name, _)| *name == head.key) {
        return self::relation(reader, keys, head, *verb, context, field);
    }
    if let Some((_, function)) = FUNCTIONS.iter().find(|(name, _)| *name == head.key) {
        keys.call("an aggregate");
        return aggregate(reader, keys, head, *function, context);
    }
    let scalar = scalar::of_constant(reader, &keys);
    refuse_required(reader, field, "a constant is never missing");
    keys.finish(reader);
    let value = scalar::document_value(reader, &head.value)?;
    Some(Form::Constant { written: head.value.clone(), value, scalar: scalar? })
}

/// Says that a promise of a value makes no sense where there always is one, or none can be promised.
fn refuse_required(reader: &mut Reader, field: &Field, why: &str) {
    if let Some(place) = &field.required {
        let message = format!("`required` cannot stand here: {why}");
        reader.push(
            Diagnostic::deny("mutually-exclusive-keys", place.clone(), message).help("leave `required` out"),
        );
    }
}

pub(super) fn headless(
    reader: &mut Reader,
    keys: Keys<'_>,
    entry: &Entry,
    context: &Context<'_>,
    field: &Field,
) -> Option<Form> {
    let (kind, inner) = (keys.get("kind"), keys.get("fields"));
    match (kind, inner) {
        (None, Some(inner)) => {
            let options =
                keys.get("options").map(|entry| object_options(reader, entry, false)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            refuse_required(reader, field, "an object over this row is never missing");
            keys.finish(reader);
            Some(Form::SameRow { fields, options })
        }
        (Some(kind), Some(inner)) => {
            scalar::ask_all(&keys);
            keys.finish(reader);
            let (place, other) = (reader.place(&inner.key_span), reader.place(&kind.key_span));
            let message = "`kind` makes a plain value and `fields` an object";
            reader.push(
                Diagnostic::deny("mutually-exclusive-keys", place, message)
                    .related(other, "the other")
                    .help("keep one of them"),
            );
            None
        }
        (Some(_), None) => scalar::of_field(reader, keys, &field.key.value).map(Form::Scalar),
        (None, None) => {
            let before = reader.diagnostics.len();
            let (scalar_keys, is_damaged) = (scalar::ask_all(&keys), keys.is_damaged());
            keys.finish(reader);
            // A key from habit already says what is missing.
            if reader.diagnostics.len() == before && !is_damaged {
                let place = reader.place(&entry.key_span);
                let (message, help) = if scalar_keys {
                    let message =
                        format!("field `{}` has no `kind`, so it is open how it is indexed", entry.key);
                    (message, "add `kind`, such as `kind: keyword`, or `kind: auto` for that of the type")
                } else {
                    let message = format!("field `{}` does not say what fills it", entry.key);
                    (message, "write a kind, `fields` or a relation")
                };
                reader.push(Diagnostic::deny("missing-key", place, message).help(help));
            }
            None
        }
    }
}

/// Parameters of an object's mapping.
fn object_options(reader: &mut Reader, entry: &Entry, nested: bool) -> Values {
    const ALLOWED: [&str; 4] = ["dynamic", "enabled", "include_in_parent", "include_in_root"];
    let what = OptionsOf { what: "an object", mapping_type: if nested { "nested" } else { "object" } };
    scalar::options(reader, entry, &what, &ALLOWED)
}

fn relation(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    verb: Verb,
    context: &Context<'_>,
    field: &Field,
) -> Option<Form> {
    let path = relation::path(reader, &keys, head, context);
    let order_by = order_by(reader, &keys, verb);
    let (limit, distinct) = (limit(reader, &keys, verb), distinct(reader, &keys, verb));
    if verb.is_to_many() {
        refuse_required(reader, field, "a list is never missing, it is empty");
    }
    let shape = shape(reader, keys, head, verb, context, field);
    let path = path?;
    if verb == Verb::ManyToMany && path.through.len() != 1 {
        let place = reader.place(&head.key_span);
        let message = format!("`{}` does not name the one table between", head.key);
        reader.push(
            Diagnostic::deny("missing-key", place, message)
                .help("write `through: table`, or `has_many` with several hops"),
        );
        return None;
    }
    let verb = At { value: verb, place: reader.place(&head.key_span) };
    Some(Form::Relation(Box::new(Relation { verb, path, order_by, limit, distinct, shape: shape? })))
}

fn order_by(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> Vec<Order> {
    let entry = keys.get("order_by");
    if let (Verb::BelongsTo, Some(entry)) = (verb, entry) {
        reader.no_effect(entry, "`belongs_to` gives one row at most");
        return Vec::new();
    }
    entry.map(|entry| relation::order_by(reader, entry)).unwrap_or_default()
}

/// A key that is for lists only.
fn of_list<'a>(reader: &mut Reader, keys: &Keys<'a>, verb: Verb, key: &'static str) -> Option<&'a Entry> {
    let entry = keys.get(key)?;
    if !verb.is_to_many() {
        reader.no_effect(entry, &format!("`{}` gives one row at most", verb.name()));
        return None;
    }
    Some(entry)
}

fn limit(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> Option<u64> {
    let entry = of_list(reader, keys, verb, "limit")?;
    // A list of no rows would always be empty.
    reader.whole_from(1, "limit", &entry.value).map(|limit| limit.value)
}

fn distinct(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> bool {
    let entry = of_list(reader, keys, verb, "distinct");
    entry.and_then(|entry| reader.boolean("distinct", &entry.value)).is_some_and(|distinct| distinct.value)
}

fn shape(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    verb: Verb,
    context: &Context<'_>,
    field: &Field,
) -> Option<Shape> {
    match (keys.get("fields"), keys.get("value")) {
        (Some(inner), None) => {
            let nested = verb.is_to_many() && is_nested(reader, &keys);
            let options =
                keys.get("options").map(|entry| object_options(reader, entry, nested)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            keys.finish(reader);
            Some(Shape::Object { fields, nested, options })
        }
        (None, Some(value)) => {
            let source = relation::source(reader, "value", &value.value);
            let in_list = verb.is_to_many();
            scalar::of_value(reader, keys, head, source, in_list).map(|scalar| Shape::Value(Box::new(scalar)))
        }
        (Some(inner), Some(value)) => {
            let (place, other) = (reader.place(&value.key_span), reader.place(&inner.key_span));
            reader.push(
                Diagnostic::deny(
                    "mutually-exclusive-keys",
                    place,
                    "`fields` makes an object and `value` a plain value",
                )
                .related(other, "the other")
                .help("keep one of them"),
            );
            None
        }
        (None, None) => {
            let before = reader.diagnostics.len();
            let is_damaged = keys.is_damaged();
            scalar::ask_all(&keys);
            keys.finish(reader);
            if reader.diagnostics.len() == before && !is_damaged {
                nothing_shown(reader, head, field);
            }
            None
        }
    }
}

fn nothing_shown(reader: &mut Reader, head: &Entry, field: &Field) {
    let place = Place::new(reader.file, head.key_span.start..head.value.span.end);
    let key = &field.key.value;
    let message = match &head.value.content {
        Content::Scalar { text, .. } => format!("`{key}` does not say what of `{text}` the document holds"),
        _ => format!("`{key}` does not say what the document holds"),
    };
    let help = "write `fields: { … }` for an object, or `value: column, kind: …` for one value";
    reader.push(Diagnostic::deny("missing-key", place, message).help(help));
}

fn is_nested(reader: &mut Reader, keys: &Keys<'_>) -> bool {
    let Some(entry) = keys.get("kind") else { return true };
    reader.word("kind", &entry.value, &[("nested", true), ("object", false)]).is_none_or(|word| word.value)
}

fn aggregate(
    reader: &mut Reader,
    keys: Keys<'_>,
    head: &Entry,
    function: Function,
    context: &Context<'_>,
) -> Option<Form> {
    let path = relation::path(reader, &keys, head, context);
    let of = keys.get("of");
    if let (Function::Exists, Some(entry)) = (function, of) {
        reader.no_effect(entry, "`exists` looks for rows; test a column with `where`");
    }
    let of_source = of.and_then(|entry| relation::source(reader, "of", &entry.value));
    let distinct = distinct_values(reader, &keys, function, of.is_some());
    if of.is_none() && !matches!(function, Function::Count | Function::Exists) {
        let place = reader.place(&head.key_span);
        let message = format!("`{}` does not say of what", head.key);
        reader.push(
            Diagnostic::deny("missing-key", place, message)
                .help("write `of: column`, or `of: { sql: \"…\" }`"),
        );
        return None;
    }
    let result = scalar::of_aggregate(reader, keys, head, function);
    let function = At { value: function, place: reader.place(&head.key_span) };
    Some(Form::Aggregate(Box::new(Aggregate {
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
    match function {
        Function::Count if has_of => {
            return reader.boolean("distinct", &entry.value).is_some_and(|distinct| distinct.value);
        }
        Function::Count => reader.no_effect(entry, "`count` without `of` counts each row once"),
        Function::Sum | Function::Avg => reader.no_effect(
            entry,
            &format!(
                "`{}` takes every row, because equal values of two rows are two values",
                function.name()
            ),
        ),
        Function::Min | Function::Max => {
            reader.no_effect(entry, &format!("`{}` is the same without it", function.name()));
        }
        Function::Exists => reader.no_effect(entry, "`exists` looks for one row"),
    }
    false
}
