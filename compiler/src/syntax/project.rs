//! `flusso.yml` as it is written: where changes come from, where documents go, which index files there are.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::hash::short_hash;
use flusso_schemas::lock::{Manage, OnError, SinkPlan, SourceEndpoint, SourcePlan, Template, TlsFiles};
use serde_json::Value as Json;

use super::keys::{At, Keys, Reader, not_supported};
use super::tree::{Content, Entry, Mapping, Node};
use super::{index, sink, source_url};
use crate::diagnostic::{Diagnostic, Level, Place};

/// The lowest minor version of each major one that is known to be right: below it, logical decoding loses
/// or repeats changes (the release notes of these versions).
const SERVER_VERSION_MIN: [&str; 4] = ["15.13", "16.9", "17.5", "18.0"];

/// Bound of one statement where none is written.
const STATEMENT_TIMEOUT_MS: u64 = 30_000;

/// The project file.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its name.
    pub name: Option<At<String>>,
    /// The schema of unqualified tables.
    pub schema: String,
    /// Where changes come from; none where it could not be read.
    pub source: Option<SourcePlan>,
    /// Where `source` stands.
    pub source_place: Place,
    /// Sinks by name, sorted, with the place of their name.
    pub sinks: Vec<At<SinkPlan>>,
    /// Patterns of the index files.
    pub index_globs: Vec<String>,
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
    /// The level.
    pub level: Level,
    /// Why, where that is said.
    pub reason: Option<String>,
}

/// Hash of a parsed value: the JCS of its JSON.
pub(super) fn inputs(json: &Json) -> String {
    short_hash(serde_jcs::to_vec(json).expect("a tree's JSON has text for keys and no special numbers"))
}

/// Reads the project file's tree.
pub fn read(reader: &mut Reader, root: &Mapping) -> Project {
    let keys = Keys::new(root, "the project file");
    version(reader, &keys, root);
    let name = keys.get("project").and_then(|entry| project_name(reader, entry));
    require(reader, &keys, root, "project", "so its slot and publication have no name");
    let source = keys.get("source").and_then(|entry| source(reader, entry, name.as_ref()));
    let source_place = keys.get("source").map_or(Place::new(0, 0..0), |entry| reader.place(&entry.key_span));
    require(reader, &keys, root, "source", "so there is nothing to read from");
    let sinks = keys.get("sinks").map(|entry| sink::sinks(reader, entry)).unwrap_or_default();
    let index_globs =
        keys.get("indexes").map(|entry| reader.texts("indexes", &entry.value)).unwrap_or_default();
    require(reader, &keys, root, "indexes", "so there is nothing to index");
    let defaults = keys.get("defaults").map(|entry| defaults(reader, entry)).unwrap_or_default();
    let lints = keys.get("lints").map(|entry| lints(reader, entry)).unwrap_or_default();
    keys.get("server").inspect(|entry| server(reader, entry));
    finish_file(reader, keys, root);
    let mut json = root.json();
    json.shift_remove("sinks");
    Project {
        name,
        schema: source.as_ref().map_or_else(|| "public".to_owned(), |(schema, _)| schema.clone()),
        source: source.and_then(|(_, plan)| plan),
        source_place,
        sinks,
        index_globs: index_globs.into_iter().map(|glob| glob.value).collect(),
        defaults,
        lints,
        inputs: inputs(&Json::Object(json)),
    }
}

/// Reports unknown keys at the top of a file, where those that begin with `x-` are anybody's.
pub(super) fn finish_file(reader: &mut Reader, keys: Keys<'_>, root: &Mapping) {
    let before = reader.diagnostics.len();
    keys.finish(reader);
    let free: Vec<_> = root.entries.iter().filter(|entry| entry.key.starts_with("x-")).collect();
    let is_free = |diagnostic: &Diagnostic| {
        diagnostic.lint == "unknown-key"
            && free.iter().any(|entry| entry.key_span.start == diagnostic.primary.0.start)
    };
    let found = reader.diagnostics.split_off(before);
    reader.diagnostics.extend(found.into_iter().filter(|diagnostic| !is_free(diagnostic)));
}

/// Checks `version: 1`.
pub(super) fn version(reader: &mut Reader, keys: &Keys<'_>, root: &Mapping) {
    require(reader, keys, root, "version", "so it is open by which rules it is read");
    let Some(entry) = keys.get("version") else { return };
    if let Some(version) = reader.natural("version", &entry.value).filter(|version| version.value != 1) {
        let message = format!("`version: {}` is not known to this flusso, which reads 1", version.value);
        reader
            .push(Diagnostic::deny("unsupported-version", version.place, message).help("write `version: 1`"));
    }
}

/// Says that a key is missing at the top of a file.
pub(super) fn require(reader: &mut Reader, keys: &Keys<'_>, root: &Mapping, key: &'static str, so: &str) {
    if keys.has(key) {
        return;
    }
    let start = root.entries.first().map_or(0..0, |entry| entry.key_span.clone());
    let place = reader.place(&start);
    let help = if key == "version" {
        "write `version: 1` at the top".to_owned()
    } else {
        format!("add `{key}: …`")
    };
    reader.push(Diagnostic::deny("missing-key", place, format!("`{key}` is missing, {so}")).help(help));
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
    let message = format!("`{}` cannot begin the name of a slot and a publication", name.value);
    reader.push(
        Diagnostic::deny("wrong-type", name.place, message)
            .help("use at most 31 of the characters `a-z`, `0-9` and `_`, a letter first"),
    );
    None
}

/// The default schema, and the source where it could be read.
fn source(
    reader: &mut Reader,
    entry: &Entry,
    project: Option<&At<String>>,
) -> Option<(String, Option<SourcePlan>)> {
    let mapping = reader.mapping("source", &entry.value)?;
    let keys = Keys::new(mapping, "`source`");
    let postgres = keys.get("postgres");
    if postgres.is_none() {
        let place = reader.place(&entry.key_span);
        let message = "`source` does not say what it is";
        reader.push(
            Diagnostic::deny("missing-key", place, message)
                .help("write `postgres: { url: \"${DATABASE_URL}\" }`"),
        );
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
    let keys = Keys::new(mapping, "`source.postgres`");
    let endpoint = endpoint(reader, entry, &keys);
    let tls = tls_files(reader, &keys);
    let mut plain = |key: &'static str| {
        let entry = keys.get(key)?;
        plain_text(reader, key, &entry.value)
    };
    let (schema, publication, slot) = (plain("schema"), plain("publication"), plain("slot"));
    let default = project.map(|name| format!("flusso_{}", name.value)).unwrap_or_default();
    let manage = keys.get("manage").map(|entry| manage(reader, entry));
    let timeout = keys.get("statement_timeout").and_then(|entry| reader.duration_ms(entry));
    keys.get("replication_url").inspect(|entry| reader.not_supported(entry));
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
    if text.value.contains("${") {
        let message = format!("`{key}` is the same everywhere, so it takes no reference");
        reader.push(Diagnostic::deny("wrong-type", text.place, message).help("write the name itself"));
        return None;
    }
    if text.value.len() > 63 {
        let message = format!("`{key}` has {} bytes, and postgres cuts names at 63", text.value.len());
        reader.push(Diagnostic::deny("name-too-long", text.place, message).help("write a shorter name"));
        return None;
    }
    Some(text)
}

fn slot_name(reader: &mut Reader, slot: At<String>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !slot.value.is_empty() && slot.value.bytes().all(fits) {
        return Some(slot.value);
    }
    let message = format!("postgres takes no slot that is called `{}`", slot.value);
    reader.push(Diagnostic::deny("wrong-type", slot.place, message).help("use only `a-z`, `0-9` and `_`"));
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
            let message = format!("`url` says it all, so `{}` would say it twice", part.key);
            reader.push(
                Diagnostic::deny("mutually-exclusive-keys", place, message)
                    .related(first, "the other")
                    .help("keep `url`, or the parts"),
            );
        }
        return source_url::postgres(reader, url);
    }
    let mut template =
        |key: &str, entry: Option<&Entry>| entry.and_then(|entry| reader.template(key, &entry.value));
    let (host_text, database_text) = (template("host", host), template("database", database));
    let port_text = template("port", port);
    let mut secret =
        |path: &str, entry: Option<&Entry>| entry.and_then(|entry| reader.secret(path, &entry.value));
    let (user, password) =
        (secret("source.postgres.user", user), secret("source.postgres.password", password));
    if host.is_none() || database.is_none() {
        let place = reader.place(&entry.key_span);
        reader.push(
            Diagnostic::deny("missing-key", place, "`source.postgres` does not say where the database is")
                .help("write `url: \"${DATABASE_URL}\"`, or `host` and `database`"),
        );
    }
    let port = port_text.unwrap_or_else(|| Template("5432".to_owned()));
    Some(SourceEndpoint::Parts { host: host_text?, port, database: database_text?, user, password })
}

fn tls_files(reader: &mut Reader, keys: &Keys<'_>) -> TlsFiles {
    const MODES: [(&str, &str); 5] = [
        ("disable", "disable"),
        ("prefer", "prefer"),
        ("require", "require"),
        ("verify-ca", "verify-ca"),
        ("verify-full", "verify-full"),
    ];
    let sslmode = keys.get("sslmode").and_then(|entry| reader.word("sslmode", &entry.value, &MODES));
    let mut file = |key: &'static str| {
        let entry = keys.get(key)?;
        reader.template(key, &entry.value)
    };
    TlsFiles {
        ssl_root_cert: file("ssl_root_cert"),
        ssl_cert: file("ssl_cert"),
        ssl_key: file("ssl_key"),
        sslmode: sslmode.map(|mode| mode.value.to_owned()),
    }
}

fn manage(reader: &mut Reader, entry: &Entry) -> BTreeSet<Manage> {
    let items = reader.items("manage", &entry.value);
    items.iter().filter_map(|item| reader.word("manage", item, &Manage::ALL)).map(|item| item.value).collect()
}

fn defaults(reader: &mut Reader, entry: &Entry) -> index::Shared {
    let Some(mapping) = reader.mapping("defaults", &entry.value) else { return index::Shared::default() };
    let keys = Keys::new(mapping, "`defaults`");
    let shared = index::shared(reader, &keys);
    keys.finish(reader);
    shared
}

fn lints(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, At<LintSetting>> {
    let Some(mapping) = reader.mapping("lints", &entry.value) else { return BTreeMap::new() };
    let settings = mapping.entries.iter().filter_map(|entry| {
        let setting = lint_setting(reader, entry)?;
        Some((entry.key.clone(), At { value: setting, place: reader.place(&entry.key_span) }))
    });
    settings.collect()
}

fn lint_setting(reader: &mut Reader, entry: &Entry) -> Option<LintSetting> {
    const LEVELS: [(&str, Level); 3] =
        [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)];
    let Content::Map(mapping) = &entry.value.content else {
        let level = reader.word(&entry.key, &entry.value, &LEVELS)?;
        return Some(LintSetting { level: level.value, reason: None });
    };
    let keys = Keys::new(mapping, "a lint's setting");
    let level = keys.get("level").and_then(|entry| reader.word("level", &entry.value, &LEVELS));
    let reason = keys.get("reason").and_then(|entry| reader.text("reason", &entry.value));
    keys.finish(reader);
    Some(LintSetting { level: level?.value, reason: reason.map(|reason| reason.value) })
}

fn server(reader: &mut Reader, entry: &Entry) {
    if let Some(mapping) = reader.mapping("server", &entry.value) {
        let keys = Keys::new(mapping, "`server`");
        keys.get("listen").inspect(|entry| {
            reader.text("listen", &entry.value);
        });
        keys.finish(reader);
    }
}

/// The words of `on_error`.
pub(super) const ON_ERROR: [(&str, OnError); 2] =
    [("stop", OnError::Stop), ("quarantine", OnError::Quarantine)];

/// Reads `on_error`, of which only `stop` is carried out.
pub(super) fn on_error(reader: &mut Reader, entry: &Entry) -> Option<OnError> {
    let word = reader.word("on_error", &entry.value, &ON_ERROR)?;
    if word.value == OnError::Quarantine {
        reader.push(not_supported(word.place, "`on_error: quarantine`"));
        return None;
    }
    Some(word.value)
}
