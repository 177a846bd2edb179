//! Words that people write from habit, and what is written here instead.

use super::keys::listed;
use super::tree::{Content, Entry, Mapping};
use crate::diagnostic::{Diagnostic, Place};

/// Words that stand for one key of ours; the first of ours that is known in the place is meant.
const RENAMED: &[(&[&str], &[&str])] = &[
    (&["type", "value_type", "element_type", "data_type"], &["kind"]),
    (&["primary_key", "pk", "id_field", "doc_id", "id_column"], &["key"]),
    (&["foreign_key", "references", "join", "on"], &["via"]),
    (&["filter", "filters", "condition", "conditions", "scope"], &["where"]),
    (&["variants", "enum_values"], &["order"]),
    (&["nullable", "optional", "not_null"], &["required"]),
    (&["sort", "order", "orderBy", "sort_by"], &["order_by"]),
    (&["properties", "columns", "mappings", "mapping", "children"], &["fields"]),
    (&["field", "source", "from"], &["column"]),
    (&["multi_fields", "subfield", "multifields"], &["subfields"]),
    (&["unique"], &["distinct"]),
    (&["through_tables", "join_table", "junction", "junction_table"], &["through"]),
    (&["copy_to"], &["copy_from"]),
    (&["expression", "expr", "query"], &["sql"]),
    (&["number_of_shards"], &["shards"]),
    (&["number_of_replicas"], &["replicas"]),
    (&["alias", "index_name"], &["index"]),
    (&["desc", "asc"], &["order_by"]),
    (&["hosts", "host", "endpoint", "nodes"], &["url"]),
    (&["connection", "dsn", "connection_string", "database_url"], &["url"]),
    (&["user"], &["username"]),
];

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
    if let Some(diagnostic) = special(key, known, &place) {
        return diagnostic;
    }
    match ours(key, known).or_else(|| nearest(key, known.iter().copied())) {
        Some(ours) if among.get(ours).is_none() => deny(format!("{what} has no key `{key}`"))
            .help(format!("write `{ours}` instead of `{key}`"))
            .fix(place.clone(), ours),
        Some(ours) => deny(format!("{what} has no key `{key}`, and `{ours}` stands here already"))
            .help(format!("delete `{key}`")),
        None => {
            deny(format!("{what} has no key `{key}`")).help(format!("the keys are {}", listed(known, "and")))
        }
    }
}

fn ours<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let (_, ours) = RENAMED
        .iter()
        .find(|(words, ours)| words.contains(&key) && ours.iter().any(|word| known.contains(word)))?;
    known.iter().copied().find(|word| ours.contains(word))
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
    let message = format!("`{key}` is no key here: {message}");
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
            .help(format!("write `{meant}` with a blank after the colon"))
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

/// The known word that comes nearest, where it comes near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    close(word, known).into_iter().next()
}

/// Known words that come near, nearest first, at most three.
pub fn close<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = word.to_lowercase();
    let distance_max = (word.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = known
        .map(|each| (strsim::damerau_levenshtein(&folded, &each.to_lowercase()), each))
        .filter(|(distance, each)| *distance <= distance_max && *distance < each.chars().count())
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, each)| each).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["address", "address2", "city"];
        assert_eq!(close("adress", known.into_iter()), ["address", "address2"]);
        assert_eq!(nearest("zzz", known.into_iter()), None);
        assert_eq!(nearest("id", ["it", "no"].into_iter()), Some("it"));
    }
}
