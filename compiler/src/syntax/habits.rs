//! Words that people write from habit, and what is written here instead.

use super::tree::{Content, Entry, Mapping, Scalar};
use crate::diagnostic::{Diagnostic, Place};
use flusso_lints::words::listed;
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

/// Shortest misspelt key that is corrected without asking: shorter ones are as near to their opposite.
const CERTAIN_LENGTH_MIN: usize = 5;

/// Mapping parameters that stand under `options`.
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

/// Says that a key is unknown, and what is meant where that can be told.
pub(super) fn unknown_key(
    file: usize,
    entry: &Entry,
    what: &str,
    known: &[&str],
    among: &Mapping,
) -> Diagnostic {
    let place = Place::new(file, entry.key_span.clone());
    let key = entry.key.as_str();
    let deny = |message: String| Diagnostic::deny("unknown-key", place.clone(), message);
    if let Some(diagnostic) = written_together(entry, known, &place) {
        return diagnostic;
    }
    if RESERVED.contains(&key) {
        return deny(format!("`{key}` has no meaning yet: the word is kept for later")).help("leave it out");
    }
    if known.contains(&"sql") && entry.value.is_missing() && key.ends_with(')') {
        return comma_ended(entry, among, place);
    }
    if PARAMETERS.contains(&key) && known.contains(&"options") {
        return deny(format!("`{key}` is a parameter of the mapping, not a key of {what}"))
            .help(format!("write it under `options`: `options: {{ {key}: … }}`"));
    }
    if let Some(diagnostic) =
        nullable(entry, what, known, among, &place).or_else(|| special(key, known, &place))
    {
        return diagnostic;
    }
    let habit = ours(key, known);
    let Some(meant) = habit.map(|(meant, _)| meant).or_else(|| nearest(key, known.iter().copied())) else {
        return deny(format!("{what} has no key `{key}`"))
            .help(format!("the keys are {}", listed(known, "and")));
    };
    if among.get(meant).is_some() {
        return deny(format!("{what} has no key `{key}`, and `{meant}` is written already"))
            .help(format!("delete `{key}`"));
    }
    let found = deny(format!("{what} has no key `{key}`"));
    let is_certain = match habit {
        Some((_, means)) => means.holds(entry),
        None => key.chars().count() >= CERTAIN_LENGTH_MIN,
    };
    if is_certain {
        return found.help(format!("write `{meant}` instead of `{key}`")).fix(place.clone(), meant);
    }
    found.help(format!("`{meant}` may be what is meant; the keys are {}", listed(known, "and")))
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
    let found = Diagnostic::deny("unknown-key", place.clone(), format!("{what} has no key `{}`", entry.key));
    let Some(Scalar::Boolean(nullable)) = entry.value.scalar() else {
        return Some(found.help("write `required: true` where the value is never null, else leave it out"));
    };
    let meant = format!("required: {}", !nullable);
    let whole = Place { end: entry.value.span.end, ..place.clone() };
    let help = format!("write `{meant}` instead of `{}: {nullable}`", entry.key);
    Some(found.help(help).fix(whole, meant))
}

/// Habits that need another shape and not another word.
fn special(key: &str, known: &[&str], place: &Place) -> Option<Diagnostic> {
    let has = |word| known.contains(&word);
    let (message, help) = match key {
        "relation" | "relationship" if has("belongs_to") => (
            "a relation begins with its verb",
            "write `belongs_to: table`, `has_one: table`, `has_many: table` or `many_to_many: table`",
        ),
        "nested" if has("kind") => ("`nested` is a kind", "write `kind: nested` beside `has_many`"),
        "object" if has("fields") => ("an object is what has `fields`", "write `fields: { … }`"),
        "name" | "label" | "rename" if has("kind") => (
            "a field is called by its key in the document",
            "write the name as the field's key, and `column` for the column",
        ),
        "copy_to" if has("copy_from") => (
            "the field that receives the values says where they come from",
            "write `copy_from: [field]` in the field that receives them",
        ),
        "asc" | "desc" if has("order_by") => {
            ("the direction belongs to a column", "write `order_by: [{ column: desc }]`")
        }
        "ids" | "values" | "array" if has("has_many") => {
            ("a list of values is a relation", "write `has_many: table` with `value` and `kind`")
        }
        "any" if has("exists") => ("whether rows exist is asked by `exists`", "write `exists: table`"),
        "soft_delete" | "deleted_at" if has("where") => {
            ("rows that count as deleted are left out by `where`", "write `where: { deleted_at: null }`")
        }
        "schema" if has("table") || has("via") => {
            ("a table's schema stands in front of its name", "write `schema.table`")
        }
        "number_of_shards" | "number_of_replicas" | "refresh_interval" if has("settings") => {
            ("it is a setting of the index", "write it under `settings`")
        }
        _ => return None,
    };
    let message = format!("unknown key `{key}`: {message}");
    Some(Diagnostic::deny("unknown-key", place.clone(), message).help(help))
}

/// `{kind:enum}`: without a blank after the colon it is one word.
fn written_together(entry: &Entry, known: &[&str], place: &Place) -> Option<Diagnostic> {
    let (key, value) = entry.key.split_once(':').filter(|_| entry.value.is_missing())?;
    if !known.contains(&key) {
        return None;
    }
    let message = format!("`{}` is one word, so there is no `{key}`", entry.key);
    let meant = format!("{key}: {value}");
    Some(
        Diagnostic::deny("unknown-key", place.clone(), message)
            .help(format!("write `{meant}` with a space after the colon"))
            .fix(place.clone(), meant),
    )
}

/// `{ sql: coalesce(a, b) }`: the comma ends the text.
fn comma_ended(entry: &Entry, among: &Mapping, place: Place) -> Diagnostic {
    let at = among.entries.iter().position(|other| other.key_span == entry.key_span).unwrap_or(0);
    let before = among.entries[..at].iter().rev().find(|other| !other.value.is_missing());
    let deny = |message: String| Diagnostic::deny("unknown-key", place.clone(), message);
    let Some((key, text)) = before.and_then(|other| match &other.value.content {
        Content::Scalar { text, .. } => Some((&other.key, text)),
        _ => None,
    }) else {
        return deny(format!("`{}` is a key of its own here, with nothing after it", entry.key));
    };
    deny(format!("the comma ends the text, so `{key}` is `{text}` and `{}` is a key of its own", entry.key))
        .help(format!("put quotes round it: `{key}: \"{text}, {}\"`", entry.key))
}
