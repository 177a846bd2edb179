//! Locks built by hand, for the tests of every crate: each function gives the least that its type allows,
//! and a test sets what it is about. So a new key of the lock is written here once.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lock::{
    ColumnFact, Compression, DocumentIdForm, Edge, HttpAddress, Identity, IndexPlan, KeyColumn, Lock, Manage,
    OnError, OpenSearchPlan, SecretRef, SinkKind, SinkPlan, SourceEndpoint, SourcePlan, TablePlan, Template,
    TlsFiles, UrlEndpoint,
};
use flusso_schemas::name::{Ident, TableName};
use serde_json::Value;

/// A lock of a project, with these indexes and their tables to be added.
pub fn lock(project: &str, indexes: Vec<IndexPlan>) -> Lock {
    Lock {
        project: project.to_owned(),
        inputs: String::new(),
        accepted: Vec::new(),
        levels: BTreeMap::new(),
        source: source(&format!("flusso_{project}")),
        sinks: Vec::new(),
        tables: Vec::new(),
        indexes,
    }
}

/// A source whose publication and slot have this name. It manages nothing and has no URL that is set.
pub fn source(name: &str) -> SourcePlan {
    SourcePlan {
        endpoint: SourceEndpoint::Url(SecretRef::Env("UNUSED".to_owned())),
        tls: TlsFiles::default(),
        publication: name.to_owned(),
        slot: name.to_owned(),
        manage: BTreeSet::new(),
        server_version_min: Vec::new(),
        settings: BTreeMap::new(),
        statement_timeout_ms: 10_000,
    }
}

/// All that `apply` may create or alter.
pub fn manage_all() -> BTreeSet<Manage> {
    Manage::WORDS.iter().map(|(_, each)| *each).collect()
}

/// A sink that writes to stdout.
pub fn stdout_sink(name: &str) -> SinkPlan {
    SinkPlan { name: name.to_owned(), inputs: String::new(), kind: SinkKind::Stdout { pretty: false } }
}

/// A sink of OpenSearch with the defaults of the project file.
pub fn opensearch(url: UrlEndpoint, index_prefix: &str) -> OpenSearchPlan {
    OpenSearchPlan {
        url,
        username: None,
        password: None,
        client_cert: None,
        client_key: None,
        ca_cert: None,
        tls_verify: true,
        index_prefix: Template(index_prefix.to_owned()),
        index_settings: BTreeMap::new(),
        bulk_documents_max: 2_000,
        bulk_bytes_max: 8 << 20,
        bulk_requests_in_flight: 2,
        bulk_timeout_ms: 30_000,
        bulk_compress: Compression::Gzip,
        bulk_gzip_level: 1,
    }
}

/// An address without a credential, from `host:port`.
pub fn http_address(address: &str) -> UrlEndpoint {
    let (host, port) = address.split_once(':').expect("an address has a port");
    let template = |text: &str| Template(text.to_owned());
    UrlEndpoint::Parts(HttpAddress {
        scheme: template("http"),
        host: template(host),
        port: template(port),
        path: template(""),
    })
}

/// An index without fields, queries and edges; its key is `id bigint`.
pub fn index(name: &str) -> IndexPlan {
    IndexPlan {
        name: name.to_owned(),
        alias: name.to_owned(),
        sinks: Vec::new(),
        on_error: OnError::Stop,
        key: vec![key_column("id", "bigint")],
        document_id: DocumentIdForm::Key,
        search_path: vec!["pg_catalog".to_owned()],
        inputs: String::new(),
        rendering: BTreeMap::new(),
        accepted: Vec::new(),
        condition: None,
        body: Value::Null,
        bound: String::new(),
        settings: BTreeMap::new(),
        enums: BTreeMap::new(),
        unique: BTreeMap::new(),
        fields: BTreeMap::new(),
        nodes: Vec::new(),
        edges: Vec::new(),
    }
}

/// A part of a document's key.
pub fn key_column(column: &str, pg_type: &str) -> KeyColumn {
    KeyColumn { column: Ident::new(column), pg_type: pg_type.to_owned() }
}

/// An edge whose navigation is the document's key. Each column is written as `name type[ not null]`, and
/// one without a type relies on nothing but that it is there.
pub fn edge(table: &str, roles: &[&str], navigation: &[&str], columns: &[&str]) -> Edge {
    Edge {
        table: table_name(table),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        navigation: idents(navigation),
        resolve: None,
        columns: columns.iter().map(|column| relied_on(column)).collect(),
    }
}

fn relied_on(column: &str) -> (Ident, ColumnFact) {
    let (name, rest) = column.split_once(' ').unwrap_or((column, ""));
    let pg_type = rest.strip_suffix(" not null").unwrap_or(rest).to_owned();
    (Ident::new(name), ColumnFact { not_null: pg_type != rest, pg_type })
}

/// A captured table with the primary key `id`.
pub fn table(name: &str, identity: Identity, identity_holds: &[&str]) -> TablePlan {
    TablePlan {
        name: table_name(name),
        key: idents(&["id"]),
        identity,
        identity_holds: idents(identity_holds),
    }
}

/// `shop.orders` as a table.
pub fn table_name(name: &str) -> TableName {
    name.parse().expect("a qualified table")
}

/// Columns by their names.
pub fn idents(names: &[&str]) -> Vec<Ident> {
    names.iter().map(|name| Ident::new(*name)).collect()
}
