//! `source.postgres` of the project file: where changes come from, and what may be created there.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lock::{
    Manage, PostgresAddress, SourceEndpoint, SourcePlan, SslMode, Template, TlsFiles,
};
use flusso_schemas::name::NAME_BYTES_MAX;

use super::keys::{At, Keys, Reader};
use super::source_url;
use super::tree::{Content, Entry, Mapping, Node};
use crate::grammar::project as grammar;
use flusso_lints::{missing_key, mutually_exclusive_keys, name_too_long, wrong_type};

/// The lowest minor version of each major one that is known to be right: below it, logical decoding loses
/// or repeats changes (the release notes of these versions).
const SERVER_VERSION_MIN: [&str; 4] = ["15.13", "16.9", "17.5", "18.0"];

/// Bound of one statement where none is written.
const STATEMENT_TIMEOUT_MS: u64 = 30_000;

/// The default schema, and the source where it could be read.
pub(super) fn source(
    reader: &mut Reader,
    entry: &Entry,
    project: Option<&At<String>>,
) -> Option<(String, Option<SourcePlan>)> {
    let mapping = reader.mapping("source", &entry.value)?;
    let keys = Keys::new(mapping, &grammar::SOURCE);
    let postgres = keys.get("postgres");
    if postgres.is_none() {
        let place = reader.place(&entry.key_span);
        reader.push(missing_key::source_kind(place));
    }
    let read = postgres.and_then(|entry| {
        let mapping = reader.mapping("postgres", &entry.value)?;
        Some(postgres_source(reader, entry, mapping, project))
    });
    keys.finish(reader);
    read
}

fn postgres_source(
    reader: &mut Reader,
    entry: &Entry,
    mapping: &Mapping,
    project: Option<&At<String>>,
) -> (String, Option<SourcePlan>) {
    let keys = Keys::new(mapping, &grammar::POSTGRES);
    let endpoint = endpoint(reader, entry, &keys);
    let tls = tls_files(reader, &keys);
    let mut plain = |key: &'static str| {
        let entry = keys.get(key)?;
        plain_text(reader, key, &entry.value)
    };
    let (schema, publication, slot) = (plain("schema"), plain("publication"), plain("slot"));
    let default = project.map(|name| format!("flusso_{}", name.value)).unwrap_or_default();
    let manage = keys.get("manage").map(|entry| manage(reader, entry));
    let timeout = keys.duration_ms(reader, "statement_timeout");
    keys.refuse_not_yet(reader);
    keys.finish(reader);
    let slot = slot.map_or(Some(default.clone()), |slot| slot_name(reader, slot));
    let plan = endpoint.zip(slot).map(|(endpoint, slot)| SourcePlan {
        endpoint,
        tls,
        publication: publication.map_or(default, |name| name.value),
        slot,
        manage: manage.unwrap_or_else(|| BTreeSet::from([Manage::Publication, Manage::Slot])),
        server_version_min: SERVER_VERSION_MIN.map(str::to_owned).to_vec(),
        settings: BTreeMap::from([("wal_level".to_owned(), "logical".to_owned())]),
        statement_timeout_ms: timeout.unwrap_or(STATEMENT_TIMEOUT_MS),
    });
    (schema.map_or_else(|| "public".to_owned(), |schema| schema.value), plan)
}

/// A name that is the same in every environment.
fn plain_text(reader: &mut Reader, key: &str, node: &Node) -> Option<At<String>> {
    let text = reader.text(key, node)?;
    if reader.holds_credentials(key, &text) {
        return None;
    }
    if text.value.contains("${") {
        reader.push(wrong_type::reference_in_name(key, text.place));
        return None;
    }
    if text.value.len() > NAME_BYTES_MAX {
        reader.push(name_too_long::finding(key, text.value.len(), text.place));
        return None;
    }
    Some(text)
}

fn slot_name(reader: &mut Reader, slot: At<String>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !slot.value.is_empty() && slot.value.bytes().all(fits) {
        return Some(slot.value);
    }
    reader.push(wrong_type::slot_name(slot.place));
    None
}

fn endpoint(reader: &mut Reader, entry: &Entry, keys: &Keys<'_>) -> Option<SourceEndpoint> {
    let url = keys.get("url");
    let (host, port) = (keys.get("host"), keys.get("port"));
    let (user, password, database) = (keys.get("user"), keys.get("password"), keys.get("database"));
    if let Some(url) = url {
        let parts = [host, port, user, password, database].into_iter().flatten().next();
        if let Some(part) = parts {
            let (place, first) = (reader.place(&part.key_span), reader.place(&url.key_span));
            reader.push(mutually_exclusive_keys::url_and_part(&part.key, first, place));
        }
        return source_url::postgres(reader, url);
    }
    let mut template =
        |key: &str, entry: Option<&Entry>| entry.and_then(|entry| reader.template(key, &entry.value));
    let (host_text, database_text) = (template("host", host), template("database", database));
    let port_text = template("port", port);
    let user = user.and_then(|entry| reader.user("source.postgres.user", &entry.value));
    let password = password.and_then(|entry| reader.secret("source.postgres.password", &entry.value));
    if host.is_none() || database.is_none() {
        let place = reader.place(&entry.key_span);
        reader.push(missing_key::source_address(place));
    }
    let port = port_text.unwrap_or_else(|| Template("5432".to_owned()));
    Some(SourceEndpoint::Parts(PostgresAddress {
        host: host_text?,
        port,
        database: database_text?,
        user,
        password,
    }))
}

fn tls_files(reader: &mut Reader, keys: &Keys<'_>) -> TlsFiles {
    let sslmode = keys.meaning(reader, "sslmode", &SslMode::WORDS);
    let mut file = |key: &'static str| {
        let entry = keys.get(key)?;
        reader.template(key, &entry.value)
    };
    TlsFiles {
        ssl_root_cert: file("ssl_root_cert"),
        ssl_cert: file("ssl_cert"),
        ssl_key: file("ssl_key"),
        sslmode,
    }
}

fn manage(reader: &mut Reader, entry: &Entry) -> BTreeSet<Manage> {
    // An empty list is a choice here: nothing is created or altered.
    let items = match &entry.value.content {
        Content::List(items) => items.as_slice(),
        _ => reader.items("manage", &entry.value),
    };
    items
        .iter()
        .filter_map(|item| reader.word("manage", item, &Manage::WORDS))
        .map(|item| item.value)
        .collect()
}
