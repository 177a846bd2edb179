//! The canonical writer: comment, header, sinks and tables; [`super::write_index`] goes on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::connection::{SecretRef, SourceEndpoint, TlsFiles, UrlEndpoint, UserName};
use super::digest::seal;
use super::levels::LEVELS;
use super::source::{
    Compression, Identity, Manage, OpenSearchPlan, SinkKind, SinkPlan, SourcePlan, TablePlan,
};
use super::{Acceptance, IndexPlan, LOCK_VERSION, LintLevel, Lock, toml_text as spell, write_index};

/// The first line of every lock.
const COMMENT: &str =
    "# Written by `flusso compile` from flusso.yml and indexes/*.yml. Change those, not this file.";

/// The lock's one spelling.
pub fn write(lock: &Lock) -> String {
    let mut blocks = vec![header(lock)];
    blocks.extend(lock.sinks.iter().map(sink));
    blocks.extend(lock.tables.iter().map(table));
    blocks.extend(lock.indexes.iter().map(index_text));
    blocks.join("\n")
}

/// The one `[[index]]` block with its nodes and edges, as it stands in the lock.
pub fn index_text(index: &IndexPlan) -> String {
    write_index::index(index).finish()
}

/// A block in the making: lines, and where its digest goes.
pub(super) struct Block {
    text: String,
    digest_at: usize,
}

impl Block {
    /// A block that opens with these lines.
    pub(super) fn new(opening: &str) -> Self {
        Self { text: format!("{opening}\n"), digest_at: 0 }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A key with a value that is spelled already.
    pub(super) fn entry(&mut self, name: &str, spelled: impl std::fmt::Display) {
        writeln!(self.text, "{} = {spelled}", spell::key(name)).expect("a String takes every write");
    }

    /// A key with a string.
    pub(super) fn string(&mut self, name: &str, text: &str) {
        self.entry(name, spell::string(text));
    }

    /// A key with a text on lines of its own.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.entry(name, spell::text(text));
    }

    /// The place of the digest.
    pub(super) fn digest(&mut self) {
        self.digest_at = self.text.len();
    }

    fn finish(self) -> String {
        seal(&self.text, self.digest_at)
    }
}

fn header(lock: &Lock) -> String {
    let mut block = Block::new(COMMENT);
    block.entry("lock_version", LOCK_VERSION);
    block.string("project", &lock.project);
    block.string("inputs", &lock.inputs);
    block.digest();
    if !lock.accepted.is_empty() {
        block.entry("accepted", acceptances(&lock.accepted));
    }
    levels(&mut block, &lock.levels);
    block.line("");
    source(&mut block, &lock.source);
    block.finish()
}

fn levels(block: &mut Block, levels: &BTreeMap<String, LintLevel>) {
    if levels.is_empty() {
        return;
    }
    block.line("");
    block.line("[levels]");
    for (lint, LintLevel { level, reason }) in levels {
        let word = LEVELS.iter().find(|(_, each)| each == level).expect("every level has a word").0;
        let reason = reason.iter().map(|reason| ("reason", spell::string(reason)));
        let entries = std::iter::once(("level", spell::string(word))).chain(reason);
        block.entry(lint, spell::table(entries));
    }
}

/// Accepted findings, one inline table each.
pub(super) fn acceptances(accepted: &[Acceptance]) -> String {
    spell::list(accepted.iter().map(|each| {
        let parts = [("lint", &each.lint), ("about", &each.about), ("reason", &each.reason)];
        spell::table(parts.map(|(name, text)| (name, spell::string(text))))
    }))
}

fn source(block: &mut Block, source: &SourcePlan) {
    block.line("[source]");
    block.string("kind", "postgres");
    block.entry("url", source_endpoint(&source.endpoint));
    tls_files(block, &source.tls);
    block.string("publication", &source.publication);
    block.string("slot", &source.slot);
    let manage = Manage::ALL.iter().filter(|(_, each)| source.manage.contains(each));
    block.entry("manage", spell::strings(manage.map(|(name, _)| name)));
    block.entry("server_version_min", spell::strings(&source.server_version_min));
    let settings = source.settings.iter().map(|(name, value)| (name.as_str(), spell::string(value)));
    block.entry("settings", spell::table(settings));
    block.entry("statement_timeout_ms", source.statement_timeout_ms);
}

fn source_endpoint(endpoint: &SourceEndpoint) -> String {
    match endpoint {
        SourceEndpoint::Url(reference) => secret(reference),
        SourceEndpoint::Parts { host, port, database, user, password } => {
            let plain = [("host", host), ("port", port), ("database", database)]
                .map(|(name, template)| Some((name, spell::string(&template.0))));
            let user = user.as_ref().map(|user| ("user", user_name(user)));
            let password = password.as_ref().map(|reference| ("password", secret(reference)));
            spell::table(plain.into_iter().chain([user, password]).flatten())
        }
    }
}

fn tls_files(block: &mut Block, tls: &TlsFiles) {
    let files =
        [("ssl_root_cert", &tls.ssl_root_cert), ("ssl_cert", &tls.ssl_cert), ("ssl_key", &tls.ssl_key)];
    if let Some(mode) = &tls.sslmode {
        block.string("sslmode", mode);
    }
    for (name, file) in files {
        if let Some(file) = file {
            block.string(name, &file.0);
        }
    }
}

fn user_name(user: &UserName) -> String {
    match user {
        UserName::Text(text) => spell::string(&text.0),
        UserName::Secret(reference) => secret(reference),
    }
}

fn secret(reference: &SecretRef) -> String {
    let (kind, value) = match reference {
        SecretRef::Env(name) => ("env", spell::string(name)),
        SecretRef::File(path) => ("file", spell::string(&path.to_string_lossy())),
        SecretRef::Command(words) => ("command", spell::strings(words)),
    };
    spell::table([(kind, value)])
}

fn sink(sink: &SinkPlan) -> String {
    let mut block = Block::new("[[sink]]");
    block.string("name", &sink.name);
    block.string(
        "kind",
        match sink.kind {
            SinkKind::OpenSearch(_) => "opensearch",
            SinkKind::Stdout { .. } => "stdout",
        },
    );
    block.string("inputs", &sink.inputs);
    block.digest();
    match &sink.kind {
        SinkKind::OpenSearch(plan) => opensearch(&mut block, plan),
        SinkKind::Stdout { pretty: true } => block.entry("pretty", true),
        SinkKind::Stdout { pretty: false } => {}
    }
    block.finish()
}

fn opensearch(block: &mut Block, plan: &OpenSearchPlan) {
    block.entry("url", url_endpoint(&plan.url));
    if let Some(user) = &plan.username {
        block.entry("username", user_name(user));
    }
    if let Some(password) = &plan.password {
        block.entry("password", secret(password));
    }
    for (name, file) in
        [("client_cert", &plan.client_cert), ("client_key", &plan.client_key), ("ca_cert", &plan.ca_cert)]
    {
        if let Some(file) = file {
            block.string(name, &file.0);
        }
    }
    if plan.tls_verify {
        block.entry("tls_verify", true);
    }
    block.string("index_prefix", &plan.index_prefix.0);
    let settings = plan.index_settings.iter().map(|(name, value)| (name.as_str(), spell::string(&value.0)));
    block.entry("index_settings", spell::table(settings));
    block.entry("bulk_documents_max", plan.bulk_documents_max);
    block.entry("bulk_bytes_max", plan.bulk_bytes_max);
    block.entry("bulk_requests_in_flight", plan.bulk_requests_in_flight);
    block.entry("bulk_timeout_ms", plan.bulk_timeout_ms);
    block.string(
        "bulk_compress",
        match plan.bulk_compress {
            Compression::Gzip => "gzip",
            Compression::None => "none",
        },
    );
}

fn url_endpoint(endpoint: &UrlEndpoint) -> String {
    match endpoint {
        UrlEndpoint::Url(reference) => secret(reference),
        UrlEndpoint::Parts { scheme, host, port, path } => spell::table(
            [("scheme", scheme), ("host", host), ("port", port), ("path", path)]
                .map(|(name, template)| (name, spell::string(&template.0))),
        ),
    }
}

fn table(table: &TablePlan) -> String {
    let mut block = Block::new("[[table]]");
    block.string("name", &table.name.to_string());
    block.digest();
    block.entry("key", spell::strings(&table.key));
    block.entry(
        "identity",
        match &table.identity {
            Identity::Default => spell::string("default"),
            Identity::Full => spell::string("full"),
            Identity::Index(name) => spell::table([("index", spell::string(&name.to_string()))]),
        },
    );
    block.entry("identity_holds", spell::strings(&table.identity_holds));
    block.finish()
}
