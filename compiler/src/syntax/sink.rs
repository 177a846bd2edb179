//! `sinks` of the project file: where documents go, with references for everything that may be secret.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::index_name;
use flusso_schemas::lock::settings::is_dynamic;
use flusso_schemas::lock::{Compression, OpenSearchPlan, SinkKind, SinkPlan, Template};

use super::keys::{At, Keys, Reader};
use super::project::inputs;
use super::settings;
use super::source_url;
use super::tree::{Content, Entry, Mapping};
use super::values::without_references;
use crate::diagnostic::Diagnostic;
use crate::grammar::project as grammar;
use flusso_lints::{
    duplicate_alias, invalid_index_name, missing_key, reserved_setting, tls_verification_off,
};

/// Reads every sink, sorted by name.
pub(super) fn sinks(reader: &mut Reader, entry: &Entry) -> Vec<At<SinkPlan>> {
    let Some(mapping) = reader.mapping("sinks", &entry.value) else { return Vec::new() };
    let mut found: Vec<At<SinkPlan>> =
        mapping.entries.iter().filter_map(|entry| sink(reader, entry)).collect();
    found.sort_by(|a, b| a.value.name.cmp(&b.value.name));
    found
}

fn sink(reader: &mut Reader, entry: &Entry) -> Option<At<SinkPlan>> {
    let mapping = reader.mapping(&entry.key, &entry.value)?;
    let keys = Keys::new(mapping, &grammar::SINK);
    let (opensearch, stdout) = (keys.get("opensearch"), keys.get("stdout"));
    let kind = match (opensearch, stdout) {
        (Some(block), None) => {
            let mapping = reader.mapping("opensearch", &block.value);
            mapping.and_then(|mapping| self::opensearch(reader, entry, mapping))
        }
        (None, Some(block)) => self::stdout(reader, block),
        _ => {
            let place = reader.place(&entry.key_span);
            reader.push(missing_key::sink_kind(&entry.key, place));
            None
        }
    };
    keys.finish(reader);
    let plan = SinkPlan { name: entry.key.clone(), inputs: inputs(&entry.value.json()), kind: kind? };
    Some(At { value: plan, place: reader.place(&entry.key_span) })
}

fn stdout(reader: &mut Reader, entry: &Entry) -> Option<SinkKind> {
    if matches!(&entry.value.content, Content::Scalar { .. })
        && entry.value.scalar() == Some(super::tree::YamlScalar::Null)
    {
        return Some(SinkKind::Stdout { pretty: false });
    }
    let keys = Keys::new(reader.mapping("stdout", &entry.value)?, &grammar::STDOUT);
    let pretty = keys.boolean(reader, "pretty");
    keys.finish(reader);
    Some(SinkKind::Stdout { pretty: pretty.unwrap_or_default() })
}

fn opensearch(reader: &mut Reader, sink: &Entry, mapping: &Mapping) -> Option<SinkKind> {
    let keys = Keys::new(mapping, &grammar::OPENSEARCH);
    let path = |key: &str| format!("sinks.{}.opensearch.{key}", sink.key);
    let url = keys.get("url").and_then(|entry| source_url::sink(reader, entry, &path("url")));
    if !keys.has("url") {
        let place = reader.place(&sink.key_span);
        reader.push(missing_key::sink_url(&sink.key, place));
    }
    let username = keys.get("username").and_then(|entry| reader.user(&path("username"), &entry.value));
    let password = keys.get("password").and_then(|entry| reader.secret(&path("password"), &entry.value));
    let mut file = |key: &'static str| {
        let entry = keys.get(key)?;
        reader.template(key, &entry.value)
    };
    let (client_cert, client_key, ca_cert) = (file("client_cert"), file("client_key"), file("ca_cert"));
    for (key, is_read, partner) in [
        ("password", password.is_some(), "username"),
        ("client_cert", client_cert.is_some(), "client_key"),
        ("client_key", client_key.is_some(), "client_cert"),
    ] {
        if let Some(entry) = keys.get(key).filter(|_| is_read && !keys.has(partner)) {
            let place = reader.place(&entry.key_span);
            reader.push(missing_key::partner(key, partner, place));
        }
    }
    let index_prefix = keys.get("index_prefix").and_then(|entry| index_prefix(reader, entry));
    let tls_verify =
        keys.get("tls_verify").and_then(|entry| tls_verify(reader, entry, &sink.key)).unwrap_or(true);
    let index_settings =
        keys.get("index_settings").map(|entry| index_settings(reader, entry)).unwrap_or_default();
    let bulk = bulk(reader, keys.get("bulk"));
    keys.finish(reader);
    Some(SinkKind::OpenSearch(Box::new(OpenSearchPlan {
        url: url?,
        username,
        password,
        client_cert,
        client_key,
        ca_cert,
        tls_verify,
        index_prefix: index_prefix.unwrap_or_else(|| Template(String::new())),
        index_settings,
        bulk_documents_max: bulk.documents_max,
        bulk_bytes_max: bulk.bytes_max,
        bulk_requests_in_flight: bulk.requests_in_flight,
        bulk_timeout_ms: bulk.timeout_ms,
        bulk_compress: bulk.compress,
        bulk_gzip_level: bulk.gzip_level,
    })))
}

/// The prefix of every name in a sink; of its references only the text around them can be judged here.
fn index_prefix(reader: &mut Reader, entry: &Entry) -> Option<Template> {
    let prefix = reader.template("index_prefix", &entry.value)?;
    let place = reader.place(&entry.value.span);
    let literal = without_references(&prefix.0);
    if index_name::refused_character(&literal, !prefix.0.starts_with("${")).is_some() {
        reader.push(invalid_index_name::prefix_characters(place));
        return None;
    }
    let bytes_max = index_name::prefix_bytes_max("");
    if literal.len() > bytes_max {
        reader.push(invalid_index_name::prefix_too_long(bytes_max, place));
        return None;
    }
    Some(prefix)
}

/// Bytes that an index's name may have in a sink, whatever the references of its prefix say.
pub(crate) fn index_bytes_max(plan: &SinkPlan) -> usize {
    let prefix_bytes = match &plan.kind {
        SinkKind::OpenSearch(plan) => without_references(&plan.index_prefix.0).len(),
        SinkKind::Stdout { .. } => 0,
    };
    index_name::index_bytes_max(prefix_bytes)
}

fn tls_verify(reader: &mut Reader, entry: &Entry, sink: &str) -> Option<bool> {
    let verify = reader.boolean("tls_verify", &entry.value)?;
    if !verify.value {
        reader.push(tls_verification_off::finding(sink, verify.place));
    }
    Some(verify.value)
}

/// Settings for every index of a sink: those that an open index can change without changing what its documents
/// mean.
fn index_settings(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, Template> {
    let Some(mapping) = reader.mapping("index_settings", &entry.value) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for written in settings::written(reader, mapping) {
        let (name, node) = (written.name, &written.entry.value);
        let place = reader.place(&node.span);
        if !is_dynamic(&name) {
            let key = reader.place(&written.entry.key_span);
            reader.push(reserved_setting::of_sink(&name, key));
            continue;
        }
        let Some(value) = reader.template(&name, node) else { continue };
        let json = node.json();
        if value.0.contains("${") || written.setting.form.accepts(&json) {
            found.insert(name, value);
        } else {
            reader.push(settings::wrong_value(place, &name, &json, written.setting));
        }
    }
    found
}

/// `bulk` with its defaults.
struct Bulk {
    documents_max: u64,
    bytes_max: u64,
    requests_in_flight: u64,
    timeout_ms: u64,
    compress: Compression,
    gzip_level: u64,
}

impl Default for Bulk {
    fn default() -> Self {
        Self {
            documents_max: 2_000,
            bytes_max: 8 << 20,
            requests_in_flight: 2,
            timeout_ms: 30_000,
            compress: Compression::Gzip,
            gzip_level: 1,
        }
    }
}

fn bulk(reader: &mut Reader, entry: Option<&Entry>) -> Bulk {
    let default = Bulk::default();
    let Some(mapping) = entry.and_then(|entry| reader.mapping("bulk", &entry.value)) else { return default };
    let keys = Keys::new(mapping, &grammar::BULK);
    let documents = keys.whole(reader, "documents_max");
    let in_flight = keys.whole(reader, "requests_in_flight");
    let bytes = keys.size_bytes(reader, "bytes_max");
    let timeout = keys.duration_ms(reader, "timeout");
    let compress = keys.meaning(reader, "compress", &Compression::WORDS);
    let gzip_level = keys.whole(reader, "gzip_level");
    keys.finish(reader);
    Bulk {
        documents_max: documents.unwrap_or(default.documents_max),
        bytes_max: bytes.unwrap_or(default.bytes_max),
        requests_in_flight: in_flight.unwrap_or(default.requests_in_flight),
        timeout_ms: timeout.unwrap_or(default.timeout_ms),
        compress: compress.unwrap_or(default.compress),
        gzip_level: gzip_level.unwrap_or(default.gzip_level),
    }
}

/// Names of sinks, for what refers to them.
pub fn names(sinks: &[At<SinkPlan>]) -> BTreeSet<String> {
    sinks.iter().map(|sink| sink.value.name.clone()).collect()
}

/// Sinks that are written to write under the same names at the same place.
pub(crate) fn collisions(sinks: &[At<SinkPlan>]) -> Vec<Diagnostic> {
    let target = |sink: &At<SinkPlan>| match &sink.value.kind {
        SinkKind::OpenSearch(plan) => Some((plan.url.clone(), plan.index_prefix.clone())),
        SinkKind::Stdout { .. } => None,
    };
    let mut found = Vec::new();
    for (at, sink) in sinks.iter().enumerate() {
        let first = sinks[..at].iter().find(|first| target(first).is_some() && target(first) == target(sink));
        let Some(first) = first else { continue };
        let (other, place) = (first.place.clone(), sink.place.clone());
        found.push(duplicate_alias::sinks(&first.value.name, &sink.value.name, other, place));
    }
    found
}
