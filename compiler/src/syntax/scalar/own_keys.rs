//! The kinds' own keys (`scale`, `order`, `labels`, …), each read by its grammar.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::zone::zone;
use crate::grammar::{Key, Value};
use crate::kinds::Kind;
use crate::syntax::keys::{Keys, Reader};
use crate::syntax::tree::Entry;
use flusso_lints::{duplicate_key, lossy_kind, mutually_exclusive_keys, wrong_type};

/// Reads every own key of a kind.
pub(super) fn read(reader: &mut Reader, keys: &Keys<'_>, kind: &'static dyn Kind) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    for key in kind.own_keys() {
        let Some(entry) = keys.get(key.name) else { continue };
        if let Some(other) = key.excludes.iter().find_map(|other| keys.get(other)) {
            let place = reader.place(&other.key_span);
            reader.push(mutually_exclusive_keys::own_keys(key.name, &other.key, place));
        }
        found.extend(value(reader, key, entry).map(|value| (key.name.to_owned(), value)));
    }
    found
}

fn value(reader: &mut Reader, key: &Key, entry: &Entry) -> Option<Json> {
    let node = &entry.value;
    match key.value {
        Value::Whole(..) => reader.whole(key.name, node, key.value).map(|number| number.value.into()),
        Value::Word(..) => reader.word_of(key.name, node, key.value).map(|word| word.value.into()),
        Value::Boolean => reader.boolean(key.name, node).map(|flag| flag.value.into()),
        Value::TimeZone => zone(reader, entry),
        Value::Labels => order(reader, entry),
        Value::NumberedLabels => labels(reader, entry),
        Value::Text => reader.text(key.name, node).map(|text| text.value.into()),
        other => unreachable!("no kind has a key of its own with this grammar: {other:?}"),
    }
}

/// Labels in the order they sort; one that is named twice has two ranks.
fn order(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let labels = reader.texts(&entry.key, &entry.value);
    for (at, label) in labels.iter().enumerate() {
        if let Some(first) = labels[..at].iter().find(|first| first.value == label.value) {
            let (first, place) = (first.place.clone(), label.place.clone());
            reader.push(duplicate_key::label(&label.value, first, place));
            return None;
        }
    }
    (!labels.is_empty()).then(|| labels.into_iter().map(|label| Json::from(label.value)).collect())
}

/// Labels of integers, by the number: the order of a map's keys has no meaning.
fn labels(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let mapping = reader.mapping(&entry.key, &entry.value)?;
    let mut found: BTreeMap<i64, String> = BTreeMap::new();
    let mut all_read = !mapping.entries.is_empty();
    if !all_read {
        reader.wrong_type(&entry.key, &entry.value, "a map such as `{ 0: draft, 1: paid }`");
    }
    for label in &mapping.entries {
        let place = reader.place(&label.key_span);
        let text = reader.text(&label.key, &label.value);
        let Ok(number) = label.key.parse::<i64>() else {
            reader.push(wrong_type::label_without_number(&label.key, place));
            all_read = false;
            continue;
        };
        if let Some((other, _)) =
            text.as_ref().and_then(|text| found.iter().find(|(_, seen)| **seen == text.value))
        {
            reader.push(lossy_kind::same_label(*other, number, place.clone()));
        }
        let before = text.map(|text| found.insert(number, text.value));
        // `01` and `1` are two keys and one number.
        if let Some(Some(_)) = before {
            let same = mapping.entries.iter().find(|first| first.key.parse() == Ok(number));
            let first = same.map_or_else(|| place.clone(), |first| reader.place(&first.key_span));
            reader.push(duplicate_key::label_of_number(number, first, place));
        }
        all_read &= before == Some(None);
    }
    let entries = found.into_iter().map(|(number, label)| (number.to_string(), Json::from(label)));
    all_read.then(|| Json::Object(entries.collect()))
}
