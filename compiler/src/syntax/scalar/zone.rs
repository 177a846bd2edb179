//! Time zones as they are written; the server judges later whether it knows one.

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Place};
use crate::syntax::keys::Reader;
use crate::syntax::tree::Entry;
use flusso_lints::unknown_time_zone;

/// Time zones without an area (`pg_timezone_names`). Abbreviations such as `PST` are excluded: they mean
/// one offset, in summer too.
pub(crate) const ZONES_WITHOUT_AREA: [&str; 40] = [
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
pub(super) fn zone(reader: &mut Reader, entry: &Entry) -> Option<Json> {
    let zone = reader.text(&entry.key, &entry.value)?;
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
