//! The lock's `[source]`, `[[sink]]` and `[[table]]` blocks.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{SecretRef, SourceEndpoint, Template, TlsFiles, UrlEndpoint, UserName};
use crate::name::{Ident, TableName};

/// `[source]`: where changes come from and what flusso may create there.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcePlan {
    /// Where it listens. The kind is `postgres`.
    pub endpoint: SourceEndpoint,
    /// TLS mode and files; not written where nothing is set.
    pub tls: TlsFiles,
    /// Name of the publication.
    pub publication: String,
    /// Name of the replication slot.
    pub slot: String,
    /// What apply may create or alter.
    pub manage: BTreeSet<Manage>,
    /// The lowest server version that is known to be right, one a major version, ascending.
    pub server_version_min: Vec<String>,
    /// Server settings that are relied on, such as `wal_level = "logical"`.
    pub settings: BTreeMap<String, String>,
    /// Bound of one statement, milliseconds.
    pub statement_timeout_ms: u64,
}

/// What `apply` may create or alter in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manage {
    /// `publication`
    Publication,
    /// `replica_identity`
    ReplicaIdentity,
    /// `slot`
    Slot,
}

impl Manage {
    /// Every spelling, sorted.
    pub const ALL: [(&'static str, Self); 3] = [
        ("publication", Self::Publication),
        ("replica_identity", Self::ReplicaIdentity),
        ("slot", Self::Slot),
    ];
}

/// One `[[sink]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkPlan {
    /// Its name in the project file.
    pub name: String,
    /// Hash of its block in the project file, as it was parsed.
    pub inputs: String,
    /// What it is, and its tuning.
    pub kind: SinkKind,
}

/// What a sink is.
#[derive(Clone, Debug, PartialEq)]
pub enum SinkKind {
    /// `kind = "opensearch"`
    OpenSearch(Box<OpenSearchPlan>),
    /// `kind = "stdout"`
    Stdout {
        /// Documents on several lines each.
        pretty: bool,
    },
}

/// References and tuning of an OpenSearch sink.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenSearchPlan {
    /// Where it listens.
    pub url: UrlEndpoint,
    /// User of basic authentication.
    pub username: Option<UserName>,
    /// Its password.
    pub password: Option<SecretRef>,
    /// Client certificate, PEM.
    pub client_cert: Option<Template>,
    /// Its key, PEM.
    pub client_key: Option<Template>,
    /// Certificates that are trusted, PEM.
    pub ca_cert: Option<Template>,
    /// Whether the server's certificate is verified.
    pub tls_verify: bool,
    /// Prefix of every name that flusso creates; it may hold references, resolved where the lock runs.
    pub index_prefix: Template,
    /// Dynamic index settings of this environment, outside the fingerprint.
    pub index_settings: BTreeMap<String, Template>,
    /// Most documents in one `_bulk` request.
    pub bulk_documents_max: u64,
    /// Most bytes in one `_bulk` request before compression.
    pub bulk_bytes_max: u64,
    /// Most `_bulk` requests under way at once.
    pub bulk_requests_in_flight: u64,
    /// Bound of one request, milliseconds.
    pub bulk_timeout_ms: u64,
    /// How request bodies are compressed.
    pub bulk_compress: Compression,
}

/// How request bodies are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// `gzip`
    Gzip,
    /// `none`
    None,
}

/// One `[[table]]`: a captured table, its key and what its replica identity must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePlan {
    /// Its qualified name.
    pub name: TableName,
    /// Its primary key in order; empty where it has none.
    pub key: Vec<Ident>,
    /// The cheapest identity that holds what is needed.
    pub identity: Identity,
    /// The columns that an old row must carry: the navigation columns of every index. Sorted.
    pub identity_holds: Vec<Ident>,
}

/// A replica identity as the compiler chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// `identity = "default"`: the primary key.
    Default,
    /// `identity = "full"`: every column.
    Full,
    /// `identity = { index = "name" }`: the columns of a unique index.
    Index(Ident),
}
