//! Fields as they are written: each is decided by its one head.

use super::condition::{self, Conditions};
use super::index::{ColumnCase, Values};
use super::keys::{At, Keys, Reader};
use super::relation::{self, FUNCTIONS, Order, Path, Source, VERBS};
use super::scalar::{self, Scalar};
use super::tree::{Content, Entry, Mapping, Node};
use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Function, Verb};

/// What reading a field depends on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The schema of unqualified tables.
    pub schema: &'a str,
    /// How a key becomes the default of `column`.
    pub column_case: ColumnCase,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its document key.
    pub key: At<String>,
    /// Its whole path.
    pub path: String,
    /// The column it reads where none is written.
    pub default_column: String,
    /// Condition over the row it stands in.
    pub when: Option<Conditions>,
    /// Where `required: true` stands.
    pub required: Option<Place>,
    /// What fills it; none where that could not be read.
    pub form: Option<Form>,
}

/// What fills a field.
#[derive(Clone, Debug)]
pub enum Form {
    /// A value of this row.
    Scalar(Scalar),
    /// An object over this row's columns.
    SameRow {
        /// Its fields.
        fields: Vec<Field>,
        /// Parameters of the object's mapping.
        options: Values,
    },
    /// The same for every document.
    Constant {
        /// The value.
        value: Node,
        /// The kind, where it is written.
        scalar: Scalar,
    },
    /// Related rows.
    Relation(Box<Relation>),
    /// One value over related rows.
    Aggregate(Box<Aggregate>),
}

/// Related rows.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The verb and its place.
    pub verb: At<Verb>,
    /// From this row to the related ones.
    pub path: Path,
    /// Their order.
    pub order_by: Vec<Order>,
    /// Most of them.
    pub limit: Option<u64>,
    /// Whether equal ones occur once.
    pub distinct: bool,
    /// What is shown of them.
    pub shape: Shape,
}

/// What is shown of related rows.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object a row.
    Object {
        /// Its fields.
        fields: Vec<Field>,
        /// Whether a list is mapped as `nested`.
        nested: bool,
        /// Parameters of the object's mapping.
        options: Values,
    },
    /// A value a row.
    Value(Box<Scalar>),
}

/// One value over related rows.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The function and its place.
    pub function: At<Function>,
    /// From this row to the related ones.
    pub path: Path,
    /// What it reads of them.
    pub of: Option<Source>,
    /// Whether equal values count once.
    pub distinct: bool,
    /// Kind and parameters of the result.
    pub result: Scalar,
}

/// Reads `fields`; `prefix` is the path of the object with a dot behind it.
pub fn fields(reader: &mut Reader, entry: &Entry, context: &Context<'_>, prefix: &str) -> Vec<Field> {
    match &entry.value.content {
        Content::Map(mapping) if !mapping.entries.is_empty() => {
            mapping.entries.iter().map(|entry| field(reader, entry, context, prefix)).collect()
        }
        Content::List(items) => {
            fields_are_a_list(reader, entry, items);
            Vec::new()
        }
        Content::Map(_) => {
            let place = reader.place(&entry.value.span);
            reader.push(
                Diagnostic::deny("missing-value", place, "`fields` is empty")
                    .help("write `name: kind` for each field"),
            );
            Vec::new()
        }
        Content::Scalar { .. } => {
            reader.wrong_type("fields", &entry.value, "a map of document keys");
            Vec::new()
        }
    }
}

fn fields_are_a_list(reader: &mut Reader, entry: &Entry, items: &[Node]) {
    let place = reader.place(&entry.key_span);
    let example = items.iter().find_map(|item| match &item.content {
        Content::Map(mapping) => mapping.entries.first().map(|entry| entry.key.clone()),
        _ => None,
    });
    let example = example.unwrap_or_else(|| "id".to_owned());
    reader.push(
        Diagnostic::deny("wrong-type", place, "`fields` is a list here, so fields have no document keys")
            .help(format!("write `{example}: kind` without the dash")),
    );
}

fn field(reader: &mut Reader, entry: &Entry, context: &Context<'_>, prefix: &str) -> Field {
    let key = At { value: entry.key.clone(), place: reader.place(&entry.key_span) };
    let name_holds = document_key(reader, entry, prefix);
    let path = format!("{prefix}{}", entry.key);
    let default_column = match context.column_case {
        ColumnCase::Exact => entry.key.clone(),
        ColumnCase::Snake => snake_case(&entry.key),
    };
    let mut field = Field { key, path, default_column, when: None, required: None, form: None };
    match &entry.value.content {
        Content::Map(mapping) => read_map(reader, entry, mapping, context, &mut field),
        Content::List(_) => reader.wrong_type(&entry.key, &entry.value, "a kind or a map"),
        Content::Scalar { .. } if entry.value.is_missing() => {
            let place = reader.place(&entry.value.span);
            let message = format!("nothing stands after `{}`, so it has no kind", entry.key);
            reader.push(
                Diagnostic::deny("missing-value", place, message)
                    .help("write a kind, `fields` or a relation"),
            );
        }
        Content::Scalar { text, .. } => {
            field.form = scalar::short_form(reader, text, &entry.value).map(Form::Scalar);
        }
    }
    if !name_holds {
        field.form = None;
    }
    field
}

/// Checks what a document key may be.
fn document_key(reader: &mut Reader, entry: &Entry, prefix: &str) -> bool {
    let (key, place) = (entry.key.as_str(), reader.place(&entry.key_span));
    let diagnostic = if let Some((outer, inner)) = key.split_once('.').filter(|_| !key.starts_with('.')) {
        Diagnostic::deny(
            "dotted-field",
            place,
            format!("`{key}` has a dot, so the index would make an object of it"),
        )
        .help(format!("write `{outer}: {{ fields: {{ {inner}: … }} }}`, or a relation called `{outer}`"))
    } else if key.is_empty() || key.trim() != key || key.contains('.') {
        Diagnostic::deny("reserved-field", place, format!("`{key}` is no key that a document can have"))
            .help("write it without blanks at its ends and without dots")
    } else if prefix.is_empty() && key.starts_with('_') {
        Diagnostic::deny(
            "reserved-field",
            place,
            format!("`{key}` begins with `_`, as the index's own fields do"),
        )
        .help("begin it with a letter, and name the column with `column`")
    } else {
        return true;
    };
    reader.push(diagnostic);
    false
}

/// Reads a field that is a map, by its head.
fn read_map(reader: &mut Reader, entry: &Entry, mapping: &Mapping, context: &Context<'_>, field: &mut Field) {
    let keys = Keys::new(mapping, "a field");
    keys.get("description").inspect(|entry| {
        reader.text("description", &entry.value);
    });
    field.when = keys.get("when").and_then(|entry| condition::read(reader, entry));
    field.required = keys.get("required").and_then(|entry| {
        let required = reader.boolean("required", &entry.value)?;
        required.value.then(|| reader.place(&entry.key_span))
    });
    let heads = heads(&keys);
    if let [first, second, ..] = heads.as_slice() {
        two_heads(reader, first, second);
        return;
    }
    field.form = match heads.first() {
        Some(head) => headed(reader, keys, head, context, field),
        None => headless(reader, keys, entry, context, field),
    };
}

fn heads<'a>(keys: &Keys<'a>) -> Vec<&'a Entry> {
    let names = VERBS.iter().map(|(name, _)| *name).chain(FUNCTIONS.iter().map(|(name, _)| *name));
    let mut found: Vec<&Entry> = names.chain(["constant"]).filter_map(|name| keys.get(name)).collect();
    found.sort_by_key(|entry| entry.key_span.start);
    found
}

fn two_heads(reader: &mut Reader, first: &Entry, second: &Entry) {
    let (place, other) = (reader.place(&second.key_span), reader.place(&first.key_span));
    let message = format!(
        "`{}` and `{}` stand in one field, so it is open which of them fills it",
        first.key, second.key
    );
    reader.push(
        Diagnostic::deny("mutually-exclusive-keys", place, message)
            .related(other, "the other")
            .help("make two fields of it"),
    );
}

fn headed(
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
    Some(Form::Constant { value: head.value.clone(), scalar: scalar? })
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

fn headless(
    reader: &mut Reader,
    keys: Keys<'_>,
    entry: &Entry,
    context: &Context<'_>,
    field: &Field,
) -> Option<Form> {
    let (kind, inner) = (keys.get("kind"), keys.get("fields"));
    match (kind, inner) {
        (None, Some(inner)) => {
            let options = keys.get("options").map(|entry| object_options(reader, entry)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            refuse_required(reader, field, "an object over this row is never missing");
            keys.finish(reader);
            Some(Form::SameRow { fields, options })
        }
        (Some(_), _) => scalar::of_field(reader, keys, &field.key.value).map(Form::Scalar),
        (None, None) => {
            let before = reader.diagnostics.len();
            let (scalar_keys, is_damaged) = (scalar::ask_all(&keys), keys.is_damaged());
            keys.finish(reader);
            // A key from habit already says what is missing.
            if reader.diagnostics.len() == before && !is_damaged {
                let place = reader.place(&entry.key_span);
                let message = format!("field `{}` does not say what fills it", entry.key);
                let help =
                    if scalar_keys { "add `kind: …`" } else { "write a kind, `fields` or a relation" };
                reader.push(Diagnostic::deny("missing-key", place, message).help(help));
            }
            None
        }
    }
}

/// Parameters of an object's mapping.
fn object_options(reader: &mut Reader, entry: &Entry) -> Values {
    const ALLOWED: [&str; 5] = ["dynamic", "enabled", "include_in_parent", "include_in_root", "meta"];
    scalar::options(reader, entry, "an object", &ALLOWED)
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
    if verb == Verb::BelongsTo {
        return Vec::new();
    }
    keys.get("order_by").map(|entry| relation::order_by(reader, entry)).unwrap_or_default()
}

fn limit(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> Option<u64> {
    let entry = keys.get("limit").filter(|_| verb.is_to_many())?;
    let limit = reader.natural("limit", &entry.value)?;
    if limit.value == 0 {
        let message = "`limit: 0` would leave the list always empty";
        reader.push(Diagnostic::deny("wrong-type", limit.place, message).help("write 1 or more"));
        return None;
    }
    Some(limit.value)
}

fn distinct(reader: &mut Reader, keys: &Keys<'_>, verb: Verb) -> bool {
    let entry = keys.get("distinct").filter(|_| verb.is_to_many());
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
            let options = keys.get("options").map(|entry| object_options(reader, entry)).unwrap_or_default();
            let fields = fields(reader, inner, context, &format!("{}.", field.path));
            keys.finish(reader);
            Some(Shape::Object { fields, nested, options })
        }
        (None, Some(value)) => {
            let source = relation::source(reader, "value", &value.value);
            scalar::of_value(reader, keys, head, source).map(|scalar| Shape::Value(Box::new(scalar)))
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
    let of = keys.get("of").filter(|_| function != Function::Exists);
    let of_source = of.and_then(|entry| relation::source(reader, "of", &entry.value));
    let distinct = keys.get("distinct").filter(|_| function == Function::Count);
    let distinct = distinct.and_then(|entry| reader.boolean("distinct", &entry.value));
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
    let distinct = distinct.is_some_and(|distinct| distinct.value);
    Some(Form::Aggregate(Box::new(Aggregate {
        function,
        path: path?,
        of: of_source,
        distinct,
        result: result?,
    })))
}

/// `userID` as `user_id`, `htmlURL2` as `html_url2`.
pub fn snake_case(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    let mut out = String::new();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1);
        let begins = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || before.is_uppercase() && after.is_some_and(|c| c.is_lowercase())
            });
        if begins {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_columns_in_snake_case() {
        for (key, column) in [
            ("userID", "user_id"),
            ("htmlURL2", "html_url2"),
            ("createdAt", "created_at"),
            ("HTTPServer", "http_server"),
            ("already_so", "already_so"),
        ] {
            assert_eq!(snake_case(key), column);
        }
    }
}
