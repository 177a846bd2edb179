//! Index settings as they are written: names with dots or as maps in maps, each judged by name and form.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::keys::Reader;
use super::tree::{Content, Entry, Mapping};
use crate::diagnostic::{Diagnostic, Place};
use crate::opensearch::settings::{self, SETTINGS, Setting};
use flusso_lints::words::nearest;
use flusso_lints::{duplicate_key, refresh_disabled, reserved_setting, unknown_setting, wrong_type};

/// Settings that flusso sets itself, with what to do instead.
const OWNED: [(&str, &str); 2] =
    [("analysis", "write `analysis` beside `settings`"), ("gc_deletes", "remove it")];

/// Shorter names of settings that nearly every index has.
pub(crate) const SHORT_NAMES: [(&str, &str); 2] =
    [("replicas", "number_of_replicas"), ("shards", "number_of_shards")];

/// Settings that OpenSearch keeps for itself.
const KEPT_BY_THE_SERVER: [&str; 6] =
    ["creation_date", "history.uuid", "provided_name", "uuid", "verified_before_close", "version."];

/// One setting that may be set, with its entry.
pub(super) struct Written<'a> {
    pub(super) setting: &'static Setting,
    /// Its name without `index.`.
    pub(super) name: String,
    pub(super) entry: &'a Entry,
}

/// The settings of a map, by OpenSearch's own names. What may not be set, or twice, is reported.
pub(super) fn written<'a>(reader: &mut Reader, mapping: &'a Mapping) -> Vec<Written<'a>> {
    let mut entries = Vec::new();
    flatten("", mapping, &mut entries);
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    let mut found = Vec::new();
    for (path, entry) in entries {
        let name = own_name(path.strip_prefix("index.").unwrap_or(&path)).to_owned();
        let place = reader.place(&entry.key_span);
        if let Some(first) = first.insert(name.clone(), place.clone()) {
            reader.push(duplicate_key::setting(&name, first, place));
        } else if let Some(diagnostic) = reserved(&name, &place) {
            reader.push(diagnostic);
        } else if let Some(setting) = settings::find(&name) {
            found.push(Written { setting, name, entry });
        } else {
            reader.push(unknown(&name, place));
        }
    }
    found
}

/// The values of settings, each of its setting's form.
pub(super) fn values<'a>(reader: &mut Reader, mapping: &'a Mapping) -> Vec<(Written<'a>, Json)> {
    let written = written(reader, mapping);
    written.into_iter().filter_map(|each| value(reader, &each).map(|value| (each, value))).collect()
}

fn value(reader: &mut Reader, written: &Written<'_>) -> Option<Json> {
    let (name, node) = (written.name.as_str(), &written.entry.value);
    let place = reader.place(&node.span);
    if node.is_missing() {
        reader.wrong_type(name, node, &written.setting.form.wanted());
        return None;
    }
    if holds_reference(written.entry) {
        reader.push(wrong_type::reference_in_setting(name, place));
        return None;
    }
    let value = node.json();
    if written.setting.form.accepts(&value) {
        if name == "refresh_interval" && is_never(&value) {
            reader.push(refresh_disabled::finding(place));
        }
        return Some(value);
    }
    reader.push(wrong_value(place, name, &value, written.setting));
    None
}

/// Whether an interval turns the refresh off: `-1`, with or without a unit.
fn is_never(interval: &Json) -> bool {
    interval.as_i64() == Some(-1) || interval.as_str().is_some_and(|text| text.starts_with("-1"))
}

/// Reports a value of a setting that OpenSearch refuses.
pub(super) fn wrong_value(place: Place, name: &str, value: &Json, setting: &Setting) -> Diagnostic {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    wrong_type::refused_by_opensearch(name, &shown, &setting.form.wanted(), place)
}

fn holds_reference(entry: &Entry) -> bool {
    matches!(&entry.value.content, Content::Scalar { text, .. } if text.contains("${"))
}

/// Maps in maps are settings with dots.
fn flatten<'a>(prefix: &str, mapping: &'a Mapping, found: &mut Vec<(String, &'a Entry)>) {
    for entry in &mapping.entries {
        let path = format!("{prefix}{}", entry.key);
        let own = path.strip_prefix("index.").unwrap_or(&path);
        match &entry.value.content {
            // What is reserved is reported once, as it is written.
            // A map of nothing would be a setting of nothing.
            Content::Map(inner)
                if reserved_help(own).is_none() && !(inner.entries.is_empty() && inner.lost.is_empty()) =>
            {
                flatten(&format!("{path}."), inner, found)
            }
            _ => found.push((path, entry)),
        }
    }
}

/// A setting by OpenSearch's own name.
fn own_name(name: &str) -> &str {
    SHORT_NAMES.iter().find(|(short, _)| *short == name).map_or(name, |(_, name)| name)
}

fn reserved(name: &str, place: &Place) -> Option<Diagnostic> {
    let (why, help) = reserved_help(name)?;
    Some(reserved_setting::finding(name, why, help, place.clone()))
}

fn reserved_help(name: &str) -> Option<(&'static str, &'static str)> {
    if let Some((_, help)) = OWNED.iter().find(|(owned, _)| {
        name.strip_prefix(owned).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }) {
        return Some(("flusso sets it itself", help));
    }
    if name.starts_with("derived_source.") {
        return Some(("flusso compares rows with the stored documents", "remove it"));
    }
    if name == "blocks" || name.starts_with("blocks.") {
        return Some(("a block would stop flusso from writing", "remove it"));
    }
    let is_kept = |kept: &&str| if kept.ends_with('.') { name.starts_with(*kept) } else { name == *kept };
    KEPT_BY_THE_SERVER.iter().any(is_kept).then_some(("OpenSearch sets it itself", "remove it"))
}

fn unknown(name: &str, place: Place) -> Diagnostic {
    let near = nearest(name, SETTINGS.iter().map(|setting| setting.name));
    unknown_setting::finding(name, near, place)
}
