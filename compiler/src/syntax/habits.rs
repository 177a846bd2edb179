//! Words that people write from habit, and what is written here instead.

use super::relation::VERBS;
use super::tree::{Content, Entry, Mapping, YamlScalar};
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::field::FIELD;
use flusso_lints::unknown_key;
use flusso_lints::words::nearest;

/// For which values a word may be replaced by ours without changing what was meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Any value: only the word differs.
    Same,
    /// A map: a list or a text has another shape here.
    Map,
    /// A text or a number.
    Scalar,
    /// None: the value is written in another way here, so ours is named and nothing is replaced.
    Other,
}

/// Words that are written from habit, the key of ours that is meant, and for which values it takes their place.
const RENAMED: &[(&[&str], &str, Means)] = &[
    (&["type", "value_type", "element_type", "data_type"], "kind", Means::Scalar),
    (&["primary_key", "pk", "id_field", "doc_id", "id_column"], "key", Means::Scalar),
    (&["foreign_key"], "via", Means::Scalar),
    (&["references", "join", "on"], "via", Means::Other),
    (&["filter", "filters", "condition", "conditions", "scope"], "where", Means::Map),
    (&["variants", "enum_values"], "order", Means::Same),
    (&["not_null"], "required", Means::Same),
    (&["sort", "order", "orderBy", "sort_by"], "order_by", Means::Same),
    (&["properties", "columns", "mappings", "mapping", "children"], "fields", Means::Map),
    (&["field", "source", "from"], "column", Means::Scalar),
    (&["multi_fields", "subfield", "multifields"], "subfields", Means::Map),
    (&["unique"], "distinct", Means::Same),
    (&["through_tables", "join_table", "junction", "junction_table"], "through", Means::Same),
    (&["expression", "expr", "query"], "sql", Means::Scalar),
    (&["number_of_shards"], "shards", Means::Same),
    (&["number_of_replicas"], "replicas", Means::Same),
    (&["alias", "index_name"], "index", Means::Scalar),
    (&["hosts", "host", "endpoint", "nodes"], "url", Means::Other),
    (&["connection", "dsn", "connection_string", "database_url"], "url", Means::Other),
    (&["user"], "username", Means::Same),
];

/// Relations as other tools call them.
const FOREIGN_VERBS: &[(&str, &str)] = &[
    ("many_to_one", "belongs_to"),
    ("one_to_many", "has_many"),
    ("one_to_one", "has_one"),
    ("references", "belongs_to"),
];

/// Shortest misspelt key that is corrected without asking: shorter ones are as near to their opposite.
const CERTAIN_LENGTH_MIN: usize = 5;

/// Mapping parameters that belong under `options`.
const PARAMETERS: &[&str] = &[
    "analyzer",
    "search_analyzer",
    "normalizer",
    "format",
    "ignore_above",
    "null_value",
    "doc_values",
    "index",
    "store",
    "norms",
];

/// Words that will mean something later.
const RESERVED: &[&str] =
    &["routing", "pipeline", "recursive", "group_by", "first_of", "for_each", "aliases", "tables", "extends"];

/// The finding about an unknown key, with the likely intent if it is known.
pub(super) fn unknown_key(
    file: usize,
    entry: &Entry,
    what: &str,
    known: &[&str],
    among: &Mapping,
) -> Diagnostic {
    let place = Place::new(file, entry.key_span.clone());
    let key = entry.key.as_str();
    if let Some(found) = written_together(entry, known, &place) {
        return found;
    }
    if RESERVED.contains(&key) {
        return unknown_key::reserved(key, place);
    }
    if known.contains(&"sql") && entry.value.is_missing() && key.ends_with(')') {
        return comma_ended(entry, among, place);
    }
    if PARAMETERS.contains(&key) && known.contains(&"options") {
        return unknown_key::mapping_parameter(key, place);
    }
    let special = nullable(entry, what, known, among, &place);
    special
        .or_else(|| unknown_key::from_habit(key, known, place.clone()))
        .unwrap_or_else(|| misspelt(entry, what, known, among, place))
}

/// A key of a field that is meant as a relation: another tool's word, another case, or misspelt.
pub(super) fn relation(mapping: &Mapping) -> Option<(&Entry, &'static str)> {
    mapping.entries.iter().find_map(|entry| {
        let word = super::field::snake_case(&entry.key).replace('-', "_");
        let verbs = VERBS.iter().map(|(verb, _)| *verb);
        let is_foreign = |(foreign, _): &&(&str, &str)| *foreign == word && mapping.get("kind").is_none();
        let foreign = FOREIGN_VERBS.iter().find(is_foreign).map(|(_, verb)| *verb);
        let is_ours = FIELD.keys.iter().any(|key| key.name == entry.key);
        foreign.or_else(|| nearest(&word, verbs)).filter(|_| !is_ours).map(|verb| (entry, verb))
    })
}

/// A key that another language has another word for, that is misspelt, or that means nothing at all.
fn misspelt(entry: &Entry, what: &str, known: &[&str], among: &Mapping, place: Place) -> Diagnostic {
    let key = entry.key.as_str();
    let habit = ours(key, known);
    let Some(meant) = habit.map(|(meant, _)| meant).or_else(|| nearest(key, known.iter().copied())) else {
        return unknown_key::finding(key, what, known, place);
    };
    if among.get(meant).is_some() {
        return unknown_key::beside_ours(key, what, meant, place);
    }
    let is_certain = match habit {
        Some((_, means)) => means.holds(entry),
        None => key.chars().count() >= CERTAIN_LENGTH_MIN,
    };
    if is_certain {
        return unknown_key::renamed(key, what, meant, place);
    }
    unknown_key::near(key, what, meant, known, place)
}

impl Means {
    fn holds(self, entry: &Entry) -> bool {
        match (self, &entry.value.content) {
            (Self::Same, Content::Scalar { text, .. }) => !matches!(text.as_str(), "asc" | "desc"),
            (Self::Same, _) | (Self::Map, Content::Map(_)) | (Self::Scalar, Content::Scalar { .. }) => true,
            _ => false,
        }
    }
}

fn ours<'a>(key: &str, known: &[&'a str]) -> Option<(&'a str, Means)> {
    let entry = |(words, ours, means): &(&[&str], &str, Means)| {
        let known = known.iter().copied().find(|word| word == ours)?;
        words.contains(&key).then_some((known, *means))
    };
    RENAMED.iter().find_map(entry)
}

/// `nullable: true` is the opposite of `required: true`.
fn nullable(entry: &Entry, what: &str, known: &[&str], among: &Mapping, place: &Place) -> Option<Diagnostic> {
    let is_one = matches!(entry.key.as_str(), "nullable" | "optional");
    if !is_one || !known.contains(&"required") || among.get("required").is_some() {
        return None;
    }
    let value = match entry.value.scalar() {
        Some(YamlScalar::Boolean(value)) => Some(value),
        _ => None,
    };
    let whole = Place { end: entry.value.span.end, ..place.clone() };
    Some(unknown_key::opposite_of_required(&entry.key, what, value, place.clone(), whole))
}

/// `{kind:enum}`: without a space after the colon it is one word.
fn written_together(entry: &Entry, known: &[&str], place: &Place) -> Option<Diagnostic> {
    let (key, value) = entry.key.split_once(':').filter(|_| entry.value.is_missing())?;
    if !known.contains(&key) {
        return None;
    }
    Some(unknown_key::without_space(&entry.key, key, value, place.clone()))
}

/// `{ sql: coalesce(a, b) }`: the comma ends the text.
fn comma_ended(entry: &Entry, among: &Mapping, place: Place) -> Diagnostic {
    let at = among.entries.iter().position(|other| other.key_span == entry.key_span).unwrap_or(0);
    let before = among.entries[..at].iter().rev().find(|other| !other.value.is_missing());
    let cut = before.and_then(|other| match &other.value.content {
        Content::Scalar { text, .. } => Some((other.key.as_str(), text.as_str())),
        _ => None,
    });
    unknown_key::after_comma(&entry.key, cut, place)
}
