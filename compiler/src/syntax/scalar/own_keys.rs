//! The kinds' own keys (`scale`, `order`, `labels`, …), each judged by its form.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::Kind;
use crate::syntax::keys::{Keys, Reader, not_supported};
use crate::syntax::tree::Entry;
use flusso_lints::{duplicate_key, lossy_kind, mutually_exclusive_keys, unknown_time_zone, wrong_type};

/// Most digits after the point: the index keeps the number times 10^scale in 64 bits, so that with 19 even 1
/// would be cut off (measured on 3.8).
const SCALE_MAX: u64 = 18;

/// Reads every own key of a kind.
pub(super) fn read(reader: &mut Reader, keys: &Keys<'_>, kind: &'static dyn Kind) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    for key in kind.own_keys() {
        if let Some(value) = keys.get(key).and_then(|entry| value(reader, kind.name(), key, entry)) {
            found.insert((*key).to_owned(), value);
        }
    }
    if kind.own_keys().contains(&"labels")
        && let (Some(order), Some(_)) = (keys.get("order"), keys.get("labels"))
    {
        let place = reader.place(&order.key_span);
        reader.push(mutually_exclusive_keys::order_and_labels(place));
    }
    found
}

fn value(reader: &mut Reader, kind: &str, key: &str, entry: &Entry) -> Option<Json> {
    let node = &entry.value;
    match (kind, key) {
        (_, "scale") => scale(reader, entry),
        (_, "order") => order(reader, entry),
        (_, "labels") => labels(reader, entry),
        (_, "precision") => one_of(reader, entry, &["millis", "micros"]),
        (_, "zone") => zone(reader, entry),
        ("json", "as") => {
            let value = one_of(reader, entry, &["disabled", "flat_object", "object"])?;
            if value == "object" {
                reader.push(not_supported(reader.place(&node.span), "`as: object`"));
                return None;
            }
            Some(value)
        }
        ("interval", "as") => one_of(reader, entry, &["iso", "seconds"]),
        _ => reader.text(key, node).map(|text| text.value.into()),
    }
}

fn one_of(reader: &mut Reader, entry: &Entry, words: &[&'static str]) -> Option<Json> {
    let pairs: Vec<(&str, &'static str)> = words.iter().map(|word| (*word, *word)).collect();
    reader.word(&entry.key, &entry.value, &pairs).map(|word| word.value.into())
}

fn scale(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let scale = reader.natural("scale", &entry.value)?;
    if scale.value > SCALE_MAX {
        reader.push(wrong_type::scale_out_of_range(scale.value, SCALE_MAX, scale.place));
        return None;
    }
    Some(scale.value.into())
}

/// Labels in the order they sort; one that is named twice has two ranks.
fn order(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let labels = reader.texts("order", &entry.value);
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
    let mapping = reader.mapping("labels", &entry.value)?;
    let mut found: BTreeMap<i64, String> = BTreeMap::new();
    let mut all_read = !mapping.entries.is_empty();
    if !all_read {
        reader.wrong_type("labels", &entry.value, "a map such as `{ 0: draft, 1: paid }`");
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

/// Time zones without an area (`pg_timezone_names`). An abbreviation such as `PST` is none of them: it stands for
/// one offset, in summer too.
const ZONES_WITHOUT_AREA: [&str; 40] = [
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "GB",
    "GB-Eire",
    "GMT",
    "GMT0",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "NZ-CHAT",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "UTC",
    "Universal",
    "WET",
];

/// The name of a time zone, which the server judges later. An offset is refused: Postgres reads `+02` here as two
/// hours *behind* UTC.
fn zone(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let zone = reader.text("zone", &entry.value)?;
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    let has_area = zone.value.contains('/') && zone.value.split('/').all(part);
    if has_area || ZONES_WITHOUT_AREA.contains(&zone.value.as_str()) {
        return Some(zone.value.into());
    }
    reader.push(unknown_zone(&zone.value, zone.place));
    None
}

/// Reports a time zone that is unknown.
pub fn unknown_zone(zone: &str, place: Place) -> Diagnostic {
    unknown_time_zone::finding(zone, place)
}
