//! Conditions as they are written: tests of columns and their combinations, values with their places.

use serde_json::Value as Json;

use super::index::column;
use super::keys::{At, Reader};
use super::tree::{Content, Entry, Mapping, Node, YamlScalar};
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::Forms;
use crate::grammar::condition::OPERATORS;
use flusso_lints::words::nearest;
use flusso_lints::{always_false_filter, missing_value, unknown_key};

/// Parts that must all hold.
pub type Conditions = Vec<Part>;

/// One part of a condition.
#[derive(Clone, Debug)]
pub enum Part {
    /// A test of a column.
    Column(At<String>, Tests),
    /// One of several conditions.
    Any(Vec<Conditions>),
    /// Parts under `all`: every one must hold.
    All(Vec<Conditions>),
    /// The part under `not`: its complement.
    Not(Conditions),
    /// An SQL expression that is true or false.
    Sql(At<String>),
}

/// What a column is tested for.
#[derive(Clone, Debug)]
pub enum Tests {
    /// Equality: `column: value`, or `column: null`.
    Equal(Node),
    /// One of a list, `column: [a, b]`, with the list's place.
    In(Vec<Node>, Place),
    /// `column: { gt: 1, lt: 2 }`: operators with their operands.
    Operators(Vec<(At<String>, Node)>),
}

/// Operators of a test.
fn operator_names() -> Vec<&'static str> {
    OPERATORS.keys.iter().map(|key| key.name).collect()
}

/// Reads `where` or `when`.
pub fn read(reader: &mut Reader, entry: &Entry) -> Option<Conditions> {
    let Content::Map(mapping) = &entry.value.content else {
        reader.wrong_type(&entry.key, &entry.value, "a map of columns and their values");
        return None;
    };
    not_empty(reader, &entry.key, &entry.value, mapping)?;
    Some(conditions(reader, mapping))
}

/// A condition without a test would silently be none.
fn not_empty(reader: &mut Reader, key: &str, node: &Node, mapping: &Mapping) -> Option<()> {
    // Unreadable parts are already reported.
    if !mapping.entries.is_empty() || !mapping.lost.is_empty() {
        return Some(());
    }
    let place = reader.place(&node.span);
    reader.push(missing_value::empty_condition(key, place));
    None
}

fn conditions(reader: &mut Reader, mapping: &Mapping) -> Conditions {
    mapping.entries.iter().filter_map(|entry| part(reader, entry)).collect()
}

fn part(reader: &mut Reader, entry: &Entry) -> Option<Part> {
    match entry.key.as_str() {
        "any" => alternatives(reader, entry).map(Part::Any),
        "all" => alternatives(reader, entry).map(Part::All),
        "not" => {
            let mapping = reader.mapping("not", &entry.value)?;
            not_empty(reader, "not", &entry.value, mapping)?;
            Some(Part::Not(conditions(reader, mapping)))
        }
        "sql" => reader.text("sql", &entry.value).map(Part::Sql),
        "exists" => {
            reader.push(super::keys::not_supported(reader.place(&entry.key_span), "the condition `exists`"));
            None
        }
        _ => {
            let name = column(&entry.key, reader.place(&entry.key_span));
            Some(Part::Column(name, tests(reader, entry)?))
        }
    }
}

fn alternatives(reader: &mut Reader, entry: &Entry) -> Option<Vec<Conditions>> {
    if matches!(&entry.value.content, Content::List(items) if items.is_empty()) {
        let so = if entry.key == "any" { "no row can match" } else { "every row matches" };
        reader.push(empty_list(reader.place(&entry.value.span), so, "write its conditions, or remove it"));
        return None;
    }
    let mut found = Vec::new();
    for item in reader.items(&entry.key, &entry.value) {
        let Some(mapping) = reader.mapping(&entry.key, item) else { continue };
        if not_empty(reader, &entry.key, item, mapping).is_some() {
            found.push(conditions(reader, mapping));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A list that names nothing, so that a test over it holds for every row or for none.
pub fn empty_list(place: Place, so: &str, help: &str) -> Diagnostic {
    always_false_filter::empty_list(so, help, place)
}

fn tests(reader: &mut Reader, entry: &Entry) -> Option<Tests> {
    match &entry.value.content {
        Content::Scalar { .. } if entry.value.is_missing() => {
            let place = reader.place(&entry.value.span);
            reader.push(missing_value::of_test(&entry.key, place));
            None
        }
        Content::Scalar { .. } => Some(Tests::Equal(entry.value.clone())),
        Content::List(items) => Some(Tests::In(items.clone(), reader.place(&entry.value.span))),
        Content::Map(mapping) => {
            not_empty(reader, &entry.key, &entry.value, mapping)?;
            Some(Tests::Operators(operators(reader, &entry.key, mapping)))
        }
    }
}

fn operators(reader: &mut Reader, column: &str, mapping: &Mapping) -> Vec<(At<String>, Node)> {
    let mut found = Vec::new();
    for entry in &mapping.entries {
        let place = reader.place(&entry.key_span);
        if OPERATORS.key(&entry.key, Forms::ALL).is_some() {
            found.push((At { value: entry.key.clone(), place }, entry.value.clone()));
            continue;
        }
        reader.push(unknown_operator(column, entry, place));
    }
    found
}

fn unknown_operator(column: &str, entry: &Entry, place: Place) -> Diagnostic {
    let word = entry.key.as_str();
    if let Some(test) = test_of_null(word, &entry.value) {
        return unknown_key::null_operator(word, &format!("{column}: {test}"), place);
    }
    if EQUALITY.contains(&word.to_lowercase().as_str()) {
        let meant = format!("{column}: {}", value_as_written(&entry.value));
        return unknown_key::equality_operator(word, &meant, place);
    }
    match meant(word) {
        Some(meant) => unknown_key::renamed_operator(word, meant, place),
        None => unknown_key::operator(word, &operator_names(), place),
    }
}

/// Words of other languages for a test that needs no operator here.
const EQUALITY: [&str; 10] = ["=", "==", "===", "any_of", "eq", "equal", "equals", "in", "is", "one_of"];

/// What a column is compared with for `is_null: true` and the like.
fn test_of_null(word: &str, operand: &Node) -> Option<&'static str> {
    let is_null = match word.to_lowercase().as_str() {
        "is_null" | "isnull" | "null" => true,
        "exists" | "is_not_null" | "not_null" => false,
        _ => return None,
    };
    let is_turned = operand.scalar() == Some(YamlScalar::Boolean(false));
    Some(if is_null != is_turned { "null" } else { "{ ne: null }" })
}

/// A scalar, or a list of them, as a file could hold it.
fn value_as_written(node: &Node) -> String {
    match &node.content {
        Content::Scalar { text, plain } => as_written(text, *plain),
        Content::List(items) => {
            let items: Vec<String> = items.iter().map(value_as_written).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Map(_) => "…".to_owned(),
    }
}

fn as_written(text: &str, plain: bool) -> String {
    if plain { text.to_owned() } else { Json::from(text).to_string() }
}

fn meant(word: &str) -> Option<&'static str> {
    match word {
        ">" | "greater" | "greater_than" | "after" | "more" => Some("gt"),
        ">=" | "=>" | "gt=" | "ge" | "greater_or_equal" | "min" | "from" | "since" => Some("gte"),
        "<" | "less" | "less_than" | "before" => Some("lt"),
        "<=" | "=<" | "lt=" | "le" | "less_or_equal" | "max" | "to" | "until" => Some("lte"),
        "!=" | "<>" | "neq" | "not" | "not_in" | "nin" => Some("ne"),
        "prefix" | "begins_with" | "startswith" => Some("starts_with"),
        _ => nearest(word, OPERATORS.keys.iter().map(|key| key.name)),
    }
}
