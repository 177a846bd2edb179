//! `flusso.yml` as it is written: where changes come from, where documents go, which index files there are.

use std::collections::BTreeMap;

use flusso_schemas::hash::short_hash;
use flusso_schemas::lock::{SinkPlan, SourcePlan};
use serde_json::Value as Json;

use super::keys::{At, Keys, Reader};
use super::tree::{Content, Entry, Mapping};
use super::{index, postgres, sink};
use crate::diagnostic::{Diagnostic, Level, Place};
use crate::grammar::{NO_MOST, Value, project as grammar};
use flusso_lints::{missing_key, missing_value, no_sink, unknown_key, unsupported_version, wrong_type};

/// The project file as it is written.
#[derive(Clone, Debug)]
pub struct Project {
    /// Name of the project; `None` if missing or wrong.
    pub name: Option<At<String>>,
    /// The schema of unqualified tables.
    pub schema: String,
    /// Where changes come from; none where it could not be read.
    pub source: Option<SourcePlan>,
    /// Place of the key `source`, to which findings about the connection point.
    pub source_place: Place,
    /// Sinks by name, sorted, with the place of their name.
    pub sinks: Vec<At<SinkPlan>>,
    /// Patterns of the index files.
    pub index_globs: Vec<At<String>>,
    /// What index files take over.
    pub defaults: index::Shared,
    /// Levels of lints that are set here.
    pub lints: BTreeMap<String, At<LintSetting>>,
    /// Hash of the file without its sinks.
    pub inputs: String,
}

/// A lint's level as the project sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintSetting {
    /// The level that the project sets.
    pub level: Level,
    /// Why, where that is said.
    pub reason: Option<String>,
}

/// Hash of a parsed value: the JCS of its JSON.
pub(crate) fn inputs(json: &Json) -> String {
    short_hash(serde_jcs::to_vec(json).expect("a tree's JSON has text for keys and no special numbers"))
}

/// Reads the project file's tree.
pub fn read(reader: &mut Reader, root: &Mapping) -> Project {
    let keys = Keys::new(root, &grammar::PROJECT);
    version(reader, &keys, root);
    let name = keys.get("project").and_then(|entry| project_name(reader, entry));
    require(reader, &keys, root, "project", "its slot and publication have no name");
    let source = keys.get("source").and_then(|entry| postgres::source(reader, entry, name.as_ref()));
    let source_place = keys.get("source").map_or(Place::new(0, 0..0), |entry| reader.place(&entry.key_span));
    require(reader, &keys, root, "source", "there is nothing to read from");
    let sinks = keys.get("sinks").map(|entry| sink::sinks(reader, entry)).unwrap_or_default();
    if !keys.is_damaged() && sinks_are_left_out(&keys) {
        reader.push(no_sink::finding(start(reader, root)));
    }
    let index_globs = keys.get("indexes").map(|entry| index_globs(reader, entry)).unwrap_or_default();
    require(reader, &keys, root, "indexes", "there is nothing to index");
    let defaults = keys.get("defaults").map(|entry| defaults(reader, entry)).unwrap_or_default();
    let lints = keys.get("lints").map(|entry| lints(reader, entry)).unwrap_or_default();
    keys.refuse_not_yet(reader);
    finish_file(reader, keys, root);
    let mut json = root.json();
    json.shift_remove("sinks");
    Project {
        name,
        schema: source.as_ref().map_or_else(|| "public".to_owned(), |(schema, _)| schema.clone()),
        source: source.and_then(|(_, plan)| plan),
        source_place,
        sinks,
        index_globs,
        defaults,
        lints,
        inputs: inputs(&Json::Object(json)),
    }
}

fn index_globs(reader: &mut Reader, entry: &Entry) -> Vec<At<String>> {
    if matches!(&entry.value.content, Content::List(items) if items.is_empty()) {
        let place = reader.place(&entry.value.span);
        reader.push(missing_value::no_patterns(place));
        return Vec::new();
    }
    reader.texts("indexes", &entry.value)
}

/// Reports unknown keys at the top of a file, where those that begin with `x-` are anybody's.
pub(super) fn finish_file(reader: &mut Reader, keys: Keys<'_>, root: &Mapping) {
    let before = reader.diagnostics.len();
    keys.finish(reader);
    let free: Vec<_> = root.entries.iter().filter(|entry| entry.key.starts_with("x-")).collect();
    let is_free = |diagnostic: &Diagnostic| {
        diagnostic.lint == unknown_key::LINT
            && free.iter().any(|entry| entry.key_span.start == diagnostic.primary.0.start)
    };
    let found = reader.diagnostics.split_off(before);
    reader.diagnostics.extend(found.into_iter().filter(|diagnostic| !is_free(diagnostic)));
}

/// Checks that the file has `version: 1`.
pub(super) fn version(reader: &mut Reader, keys: &Keys<'_>, root: &Mapping) {
    require(reader, keys, root, "version", "it is unclear by which rules the file is read");
    let Some(entry) = keys.get("version") else { return };
    // A version of its own finding, so the bounds of the table are not applied here.
    let version = reader.whole("version", &entry.value, Value::Whole(0, NO_MOST));
    if let Some(version) = version.filter(|version| version.value != 1) {
        reader.push(unsupported_version::finding(version.value, version.place));
    }
}

/// Reports a key that is missing at the top of a file; `so` says what follows.
pub(super) fn require(reader: &mut Reader, keys: &Keys<'_>, root: &Mapping, key: &'static str, so: &str) {
    if keys.has(key) {
        return;
    }
    let place = start(reader, root);
    reader.push(missing_key::at_the_top(key, so, place));
}

/// The first key of a file, where findings about missing keys point.
fn start(reader: &Reader, root: &Mapping) -> Place {
    reader.place(&root.entries.first().map_or(0..0, |entry| entry.key_span.clone()))
}

/// Whether nothing is written under `sinks`; something wrong there has a finding of its own.
fn sinks_are_left_out(keys: &Keys<'_>) -> bool {
    keys.get("sinks").is_none_or(|entry| match &entry.value.content {
        Content::Map(sinks) => sinks.entries.is_empty(),
        _ => entry.value.is_missing(),
    })
}

fn project_name(reader: &mut Reader, entry: &Entry) -> Option<At<String>> {
    let name = reader.text("project", &entry.value)?;
    let fits = |(at, byte): (usize, u8)| {
        byte.is_ascii_lowercase() || at > 0 && (byte.is_ascii_digit() || byte == b'_')
    };
    let holds = !name.value.is_empty() && name.value.len() <= 31 && name.value.bytes().enumerate().all(fits);
    if holds {
        return Some(name);
    }
    reader.push(wrong_type::project_name(&name.value, name.place));
    None
}

fn defaults(reader: &mut Reader, entry: &Entry) -> index::Shared {
    let Some(mapping) = reader.mapping("defaults", &entry.value) else { return index::Shared::default() };
    let keys = Keys::new(mapping, &grammar::DEFAULTS);
    let shared = index::shared(reader, &keys);
    keys.finish(reader);
    shared
}

fn lints(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, At<LintSetting>> {
    let Some(mapping) = reader.mapping("lints", &entry.value) else { return BTreeMap::new() };
    let settings = mapping.entries.iter().filter_map(|entry| {
        // A level says nothing where its lint is unknown or fixed: that is reported first, and alone.
        let setting = match crate::lints::find(&entry.key).is_some_and(|lint| lint.adjustable) {
            true => lint_setting(reader, entry)?,
            false => LintSetting { level: Level::Deny, reason: None },
        };
        Some((entry.key.clone(), At { value: setting, place: reader.place(&entry.key_span) }))
    });
    settings.collect()
}

fn lint_setting(reader: &mut Reader, entry: &Entry) -> Option<LintSetting> {
    let Content::Map(mapping) = &entry.value.content else {
        let level = reader.word(&entry.key, &entry.value, &Level::WORDS)?;
        return Some(LintSetting { level: level.value, reason: None });
    };
    let keys = Keys::new(mapping, &grammar::LINT);
    let level = keys.meaning(reader, "level", &Level::WORDS);
    let reason = keys.text(reader, "reason");
    if !keys.has("level") {
        let place = reader.place(&entry.key_span);
        reader.push(missing_key::level(&entry.key, place));
    }
    keys.finish(reader);
    Some(LintSetting { level: level?, reason: reason.map(|reason| reason.value) })
}
