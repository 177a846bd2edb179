//! Conditions as they are written: tests of columns and their combinations, values with their places.

use super::index::column;
use super::keys::{At, Reader};
use super::tree::{Content, Entry, Mapping, Node};
use crate::diagnostic::{Diagnostic, Place};

/// Parts that must all hold.
pub type Conditions = Vec<Part>;

/// One part of a condition.
#[derive(Clone, Debug)]
pub enum Part {
    /// A test of a column.
    Column(At<String>, Tests),
    /// One of several conditions.
    Any(Vec<Conditions>),
    /// All of several.
    All(Vec<Conditions>),
    /// Its complement.
    Not(Conditions),
    /// An expression.
    Sql(At<String>),
}

/// What a column is tested for.
#[derive(Clone, Debug)]
pub enum Tests {
    /// `column: value`
    Equal(Node),
    /// `column: [a, b]`
    In(Vec<Node>, Place),
    /// `column: { gt: 1, lt: 2 }`: operators with their operands.
    Operators(Vec<(At<String>, Node)>),
}

/// Operators of a test.
pub const OPERATORS: [&str; 11] =
    ["between", "contains", "gt", "gte", "ilike", "like", "lt", "lte", "ne", "overlaps", "starts_with"];

/// Reads `where` or `when`.
pub fn read(reader: &mut Reader, entry: &Entry) -> Option<Conditions> {
    let Content::Map(mapping) = &entry.value.content else {
        reader.wrong_type(&entry.key, &entry.value, "a map of columns and what they must be");
        return None;
    };
    not_empty(reader, &entry.key, &entry.value, mapping)?;
    Some(conditions(reader, mapping))
}

/// A condition without a test would silently be none.
fn not_empty(reader: &mut Reader, key: &str, node: &Node, mapping: &Mapping) -> Option<()> {
    // What could not be read has its finding already.
    if !mapping.entries.is_empty() || !mapping.lost.is_empty() {
        return Some(());
    }
    let place = reader.place(&node.span);
    reader.push(
        Diagnostic::deny("missing-value", place, format!("`{key}` is empty, so it tests nothing"))
            .help(format!("write `{key}: {{ column: value }}`, or leave it out")),
    );
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
        let so = if entry.key == "any" { "no row can match" } else { "it tests nothing" };
        reader.push(empty_list(reader.place(&entry.value.span), so, "write its conditions, or leave it out"));
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
    Diagnostic::deny("always-false-filter", place, format!("empty list: {so}")).help(help)
}

fn tests(reader: &mut Reader, entry: &Entry) -> Option<Tests> {
    match &entry.value.content {
        Content::Scalar { .. } if entry.value.is_missing() => {
            let place = reader.place(&entry.value.span);
            let message = format!("nothing stands after `{}`, so it is open what it must be", entry.key);
            reader.push(
                Diagnostic::deny("missing-value", place.clone(), message)
                    .help("write `null` for rows that have no value")
                    .fix(place, " null"),
            );
            None
        }
        Content::Scalar { .. } => Some(Tests::Equal(entry.value.clone())),
        Content::List(items) => Some(Tests::In(items.clone(), reader.place(&entry.value.span))),
        Content::Map(mapping) => {
            not_empty(reader, &entry.key, &entry.value, mapping)?;
            Some(Tests::Operators(operators(reader, mapping)))
        }
    }
}

fn operators(reader: &mut Reader, mapping: &Mapping) -> Vec<(At<String>, Node)> {
    let mut found = Vec::new();
    for entry in &mapping.entries {
        let place = reader.place(&entry.key_span);
        if OPERATORS.contains(&entry.key.as_str()) {
            found.push((At { value: entry.key.clone(), place }, entry.value.clone()));
            continue;
        }
        let message = format!("a condition has no operator `{}`", entry.key);
        let diagnostic = Diagnostic::deny("unknown-key", place.clone(), message);
        reader.push(match meant(&entry.key) {
            Some(meant) => diagnostic.help(format!("write `{meant}`")).fix(place, meant),
            None => diagnostic
                .help(format!("the operators are {}", flusso_lints::words::listed(&OPERATORS, "and"))),
        });
    }
    found
}

fn meant(word: &str) -> Option<&'static str> {
    match word {
        ">" | "greater" | "after" | "more" => Some("gt"),
        ">=" | "ge" | "min" | "from" | "since" => Some("gte"),
        "<" | "less" | "before" => Some("lt"),
        "<=" | "le" | "max" | "to" | "until" => Some("lte"),
        "!=" | "<>" | "neq" | "not" | "not_in" | "nin" => Some("ne"),
        "prefix" | "begins_with" | "startswith" => Some("starts_with"),
        _ => flusso_lints::words::nearest(word, OPERATORS.iter().copied())
            .and_then(|near| OPERATORS.iter().copied().find(|operator| *operator == near)),
    }
}
