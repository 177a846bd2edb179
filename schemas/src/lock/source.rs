//! The lock's `[source]`, `[[sink]]` and `[[table]]` blocks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::block::{Block, Checked, Entry, KeyDocs, block};
use super::codec::{Codec, Flat, Hash, Plain, Sorted, ThenDigest, key_docs};
use super::connection::{SecretRef, SourceEndpoint, Template, TlsFiles, UrlEndpoint, UserName};
use super::form::{Form, words};
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::problem::{Problem, Result};
use crate::name::{Ident, TableName};

block! {
    /// Where changes come from, and what flusso may create there.
    pub struct SourcePlan: "`[source]`" {
        /// Where Postgres listens: a URL, or its parts.
        pub endpoint: SourceEndpoint ["url"] as OfPostgres,
        /// TLS mode and files; left out where nothing is set.
        pub tls: TlsFiles as Flat,
        /// Name of the publication.
        pub publication: String,
        /// Name of the replication slot.
        pub slot: String,
        /// What `apply` may create or alter, sorted.
        pub manage: BTreeSet<Manage>,
        /// The lowest server version that is known to be right, one for each major version, ascending.
        pub server_version_min: Vec<String> as Versions,
        /// Server settings that are relied on, such as `wal_level = "logical"`.
        pub settings: BTreeMap<String, String>,
        /// Bound of one statement, milliseconds.
        pub statement_timeout_ms: u64,
    }
}

/// What `apply` may create or alter in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manage {
    /// Creating the publication and changing its tables.
    Publication,
    /// Setting `REPLICA IDENTITY` on the captured tables.
    ReplicaIdentity,
    /// Creating the replication slot.
    Slot,
}

words!(pub Manage {
    Manage::Publication = "publication",
    Manage::ReplicaIdentity = "replica_identity",
    Manage::Slot = "slot",
});

impl Form for BTreeSet<Manage> {
    fn value(&self) -> Option<Value> {
        Some(self.iter().map(|each| each.word()).collect())
    }

    fn read(item: Item<'_>) -> Result<Self> {
        Ok(item.sorted(|item| Manage::read(item).map(Manage::word))?.into_iter().map(Manage::of).collect())
    }

    fn words() -> String {
        format!("sorted list of {}", Manage::words())
    }
}

impl Manage {
    fn of(word: &str) -> Self {
        let (_, found) =
            Self::WORDS.iter().find(|(each, _)| *each == word).expect("it is one of these words");
        *found
    }
}

/// `url`, after the kind of server that it leads to.
pub(super) struct OfPostgres;

const POSTGRES: &str = "postgres";

impl Codec<SourceEndpoint> for OfPostgres {
    fn entries(name: &'static str, value: &SourceEndpoint) -> Vec<Entry> {
        let mut entries = vec![Entry::line("kind", POSTGRES.into())];
        entries.extend(Plain::entries(name, value));
        entries
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<SourceEndpoint> {
        keys.required("kind")?.one_of(&[(POSTGRES, ())])?;
        Plain::read(keys, name)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        let mut keys = key_docs("kind", format!("`{POSTGRES}`"), false, "What kind of server it is.");
        keys.extend(<Plain as Codec<SourceEndpoint>>::keys(name, docs));
        keys
    }
}

/// Versions such as `15.13`, ascending, one for each major version.
pub(super) struct Versions;

impl Codec<Vec<String>> for Versions {
    fn entries(name: &'static str, value: &Vec<String>) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<String>> {
        let mut major_before: Option<u32> = None;
        keys.required(name)?.list_of(|item| {
            let at = item.at;
            let version = item.string()?;
            let parts =
                version.split_once('.').map(|(major, minor)| (major.parse::<u32>(), minor.parse::<u32>()));
            let Some((Ok(major), Ok(_))) = parts else {
                return Err(Problem::new(at, format!("`{version}` is not a version such as `15.13`")));
            };
            if major_before.is_some_and(|before| before >= major) {
                return Err(Problem::new(at, "expected one version for each major version, ascending"));
            }
            major_before = Some(major);
            Ok(version)
        })
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "list of versions".to_owned(), false, docs)
    }
}

/// A sink: one block `[[sink]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkPlan {
    /// Its name in the project file.
    pub name: String,
    /// Hash of its block in the project file, as it was parsed.
    pub inputs: String,
    /// What it is, and its tuning.
    pub kind: SinkKind,
}

/// The kind of a sink, with its tuning.
#[derive(Clone, Debug, PartialEq)]
pub enum SinkKind {
    /// Documents are indexed: `kind = "opensearch"`.
    OpenSearch(Box<OpenSearchPlan>),
    /// Documents are printed: `kind = "stdout"`.
    Stdout {
        /// Documents on several lines each.
        pretty: bool,
    },
}

block! {
    /// What every sink has.
    struct SinkHead: "`[[sink]] {name}`" {
        /// Its name in the project file.
        name: String,
        /// What it is; the keys behind the digest are this kind's.
        kind: SinkWord,
        /// Hash of its block in the project file, as it was parsed.
        inputs: String as ThenDigest<Hash>,
    }
}

block! {
    /// References and tuning of a sink of kind `opensearch`.
    pub struct OpenSearchPlan: "`[[sink]]`" {
        /// Where OpenSearch listens: a URL, or its parts.
        pub url: UrlEndpoint,
        /// User of basic authentication.
        pub username: Option<UserName>,
        /// Password of basic authentication, always a reference.
        pub password: Option<SecretRef>,
        /// Our own certificate, PEM.
        pub client_cert: Option<Template>,
        /// Key of that certificate, PEM.
        pub client_key: Option<Template>,
        /// Certificates that are trusted, PEM.
        pub ca_cert: Option<Template>,
        /// Whether the server's certificate is verified.
        pub tls_verify: bool,
        /// Prefix of every name that flusso creates; it may hold references, resolved where the lock runs.
        pub index_prefix: Template,
        /// Dynamic index settings of this environment.
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
        /// Level of gzip, from 1 (fastest) to 9 (smallest).
        pub bulk_gzip_level: u64,
    }
}

block! {
    /// Tuning of a sink of kind `stdout`.
    #[derive(Eq)]
    pub(super) struct StdoutPlan: "`[[sink]]`" {
        /// Documents on several lines each.
        pretty: bool,
    }
}

/// The word of a sink's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinkWord {
    OpenSearch,
    Stdout,
}

words!(SinkWord { SinkWord::OpenSearch = "opensearch", SinkWord::Stdout = "stdout" });

impl Block for SinkPlan {
    const WHAT: &'static str = SinkHead::WHAT;

    fn keys() -> Vec<KeyDocs> {
        SinkHead::keys()
    }

    fn entries(&self) -> Vec<Entry> {
        let (kind, own) = match &self.kind {
            SinkKind::OpenSearch(plan) => (SinkWord::OpenSearch, plan.entries()),
            SinkKind::Stdout { pretty } => (SinkWord::Stdout, StdoutPlan { pretty: *pretty }.entries()),
        };
        let head = SinkHead { name: self.name.clone(), kind, inputs: self.inputs.clone() };
        head.entries().into_iter().chain(own).collect()
    }

    fn read(keys: &mut Keys<'_>) -> Result<Self> {
        let SinkHead { name, kind, inputs } = <SinkHead as Block>::read(keys)?;
        let kind = match kind {
            SinkWord::OpenSearch => SinkKind::OpenSearch(Box::new(<OpenSearchPlan as Block>::read(keys)?)),
            SinkWord::Stdout => SinkKind::Stdout { pretty: <StdoutPlan as Block>::read(keys)?.pretty },
        };
        Ok(Self { name, inputs, kind })
    }
}

impl Checked for SinkPlan {}

/// How request bodies are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Bodies are compressed: `compression = "gzip"`.
    Gzip,
    /// Bodies are sent as they are: `compression = "none"`.
    None,
}

words!(pub Compression { Compression::Gzip = "gzip", Compression::None = "none" });

block! {
    /// A captured table, its key and what its replica identity must hold.
    pub struct TablePlan: "`[[table]] {name}`" {
        /// The table with its schema.
        pub name: TableName as ThenDigest,
        /// Its primary key in order; empty where it has none.
        pub key: Vec<Ident>,
        /// The cheapest identity that holds what is needed.
        pub identity: Identity,
        /// The columns that an old row must carry: the navigation columns of every index.
        pub identity_holds: Vec<Ident> as Sorted,
    }
}

impl Checked for TablePlan {}

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

block! {
    /// A replica identity over a unique index.
    struct IdentityIndex: "`identity`" {
        /// Name of the unique index.
        index: Ident,
    }
}

/// A replica identity that needs no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IdentityWord {
    Default,
    Full,
}

words!(IdentityWord { IdentityWord::Default = "default", IdentityWord::Full = "full" });

impl Form for Identity {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Default => IdentityWord::Default.value(),
            Self::Full => IdentityWord::Full.value(),
            Self::Index(name) => IdentityIndex { index: name.clone() }.value(),
        }
    }

    fn read(item: Item<'_>) -> Result<Self> {
        if !item.is_string() {
            return <IdentityIndex as Form>::read(item).map(|identity| Self::Index(identity.index));
        }
        Ok(match IdentityWord::read(item)? {
            IdentityWord::Default => Self::Default,
            IdentityWord::Full => Self::Full,
        })
    }

    fn words() -> String {
        format!("{} or {}", IdentityWord::words(), IdentityIndex::words())
    }
}
