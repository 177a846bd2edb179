//! Fields as they are written: each is decided by its one head.

mod form;

use serde_json::Value as Json;

use super::condition::{self, Conditions};
use super::habits;
use super::index::{ColumnCase, Values};
use super::keys::{At, Keys, Reader};
use super::relation::{FUNCTIONS, Order, Path, Source, VERBS};
use super::scalar::{self, ParsedScalar};
use super::tree::{Content, Entry, Mapping, Node};
use crate::diagnostic::Place;
use crate::grammar::field::FIELD;
use crate::model::{Function, Verb};
use flusso_lints::{
    dotted_field, missing_value, mutually_exclusive_keys, reserved_field, unknown_key, wrong_type,
};

/// What reading a field depends on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The schema of unqualified tables.
    pub schema: &'a str,
    /// How a key becomes the default of `column`.
    pub column_case: ColumnCase,
}

/// One entry of `fields`.
#[derive(Clone, Debug)]
pub struct ParsedField {
    /// Key of the field in its object of the document.
    pub key: At<String>,
    /// Keys from the document's root, with dots.
    pub path: String,
    /// The column it reads where none is written.
    pub default_column: String,
    /// Condition over the row that has the field.
    pub when: Option<Conditions>,
    /// Place of `required: true`, if it is written.
    pub required: Option<Place>,
    /// What fills it; none where that could not be read.
    pub form: Option<ParsedForm>,
}

/// What fills a field.
#[derive(Clone, Debug)]
pub enum ParsedForm {
    /// A value of this row.
    Scalar(ParsedScalar),
    /// An object over this row's columns.
    SameRow {
        /// The fields of the object.
        fields: Vec<ParsedField>,
        /// Parameters of the object's mapping.
        options: Values,
    },
    /// The same for every document.
    Constant {
        /// The value as it is written.
        written: Node,
        /// The value as a document holds it.
        value: At<Json>,
        /// The kind, where it is written.
        scalar: ParsedScalar,
    },
    /// A field headed by a relation's verb.
    Relation(Box<ParsedRelation>),
    /// One value over related rows.
    Aggregate(Box<ParsedAggregate>),
}

/// A relation as it is written.
#[derive(Clone, Debug)]
pub struct ParsedRelation {
    /// The verb and its place.
    pub verb: At<Verb>,
    /// From this row to the related ones.
    pub path: Path,
    /// Order of the related rows; empty if not written.
    pub order_by: Vec<Order>,
    /// Most related rows; `None`: all of them.
    pub limit: Option<u64>,
    /// Whether equal ones occur once.
    pub distinct: bool,
    /// What is shown of them.
    pub shape: ParsedShape,
}

/// What is shown of related rows.
#[derive(Clone, Debug)]
pub enum ParsedShape {
    /// An object a row.
    Object {
        /// The fields of each object.
        fields: Vec<ParsedField>,
        /// Whether a list is mapped as `nested`.
        nested: bool,
        /// Parameters of the object's mapping.
        options: Values,
    },
    /// A value a row.
    Value(Box<ParsedScalar>),
}

/// One value over related rows.
#[derive(Clone, Debug)]
pub struct ParsedAggregate {
    /// The function and its place.
    pub function: At<Function>,
    /// From this row to the related ones.
    pub path: Path,
    /// What it reads of them.
    pub of: Option<Source>,
    /// Whether equal values count once.
    pub distinct: bool,
    /// Kind and parameters of the result.
    pub result: ParsedScalar,
}

/// Reads `fields`; `prefix` is the path of the object with a dot behind it.
pub fn fields(reader: &mut Reader, entry: &Entry, context: &Context<'_>, prefix: &str) -> Vec<ParsedField> {
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
            reader.push(missing_value::no_fields(place));
            Vec::new()
        }
        Content::Scalar { .. } => {
            reader.wrong_type("fields", &entry.value, "a map of field names");
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
    reader.push(wrong_type::fields_are_a_list(example.as_deref().unwrap_or("id"), place));
}

fn field(reader: &mut Reader, entry: &Entry, context: &Context<'_>, prefix: &str) -> ParsedField {
    let key = At { value: entry.key.clone(), place: reader.place(&entry.key_span) };
    let name_holds = document_key(reader, entry, prefix);
    let path = format!("{prefix}{}", entry.key);
    let default_column = match context.column_case {
        ColumnCase::Exact => entry.key.clone(),
        ColumnCase::Snake => snake_case(&entry.key),
    };
    let mut field = ParsedField { key, path, default_column, when: None, required: None, form: None };
    match &entry.value.content {
        Content::Map(mapping) => read_map(reader, entry, mapping, context, &mut field),
        Content::List(_) => reader.wrong_type(&entry.key, &entry.value, "a kind or a map"),
        Content::Scalar { .. } if entry.value.is_missing() => {
            let place = reader.place(&entry.value.span);
            reader.push(missing_value::of_field(&entry.key, place));
        }
        Content::Scalar { text, .. } => {
            field.form = scalar::short_form(reader, &entry.key, text, &entry.value).map(ParsedForm::Scalar);
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
        dotted_field::finding(outer, inner, place)
    } else if key.is_empty() || key.trim() != key || key.contains('.') {
        reserved_field::name(key, place)
    } else if prefix.is_empty() && key.starts_with('_') {
        reserved_field::underscore(key, place)
    } else {
        return true;
    };
    reader.push(diagnostic);
    false
}

/// Reads a field that is a map, by its head.
fn read_map(
    reader: &mut Reader,
    entry: &Entry,
    mapping: &Mapping,
    context: &Context<'_>,
    field: &mut ParsedField,
) {
    let keys = Keys::new(mapping, &FIELD);
    keys.text(reader, "description");
    field.when = keys.get("when").and_then(|entry| condition::read(reader, entry));
    let is_required = keys.boolean(reader, "required").unwrap_or_default();
    let required = keys.get("required").filter(|_| is_required);
    field.required = required.map(|entry| reader.place(&entry.key_span));
    let heads = heads(&keys);
    if let [first, second, ..] = heads.as_slice() {
        two_heads(reader, first, second);
        return;
    }
    if let (true, Some((written, verb))) = (heads.is_empty(), habits::relation(mapping)) {
        // Without its verb everything else in the map would be judged as if it were this table's.
        keys.take_all();
        let place = reader.place(&written.key_span);
        reader.push(unknown_key::renamed(&written.key, FIELD.name, verb, place));
        return;
    }
    field.form = match heads.first() {
        Some(head) => form::headed(reader, keys, head, context, field),
        None => form::headless(reader, keys, entry, context, field),
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
    reader.push(mutually_exclusive_keys::two_heads(&first.key, &second.key, other, place));
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
