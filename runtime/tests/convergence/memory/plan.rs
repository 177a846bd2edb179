//! The lock of the memory world: two indexes over four tables.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lock::{
    DocumentIdForm, Edge, Identity, IndexPlan, KeyColumn, Lock, OnError, SecretRef, SinkKind, SinkPlan,
    SourceEndpoint, SourcePlan, TablePlan, TlsFiles,
};
use flusso_schemas::name::Ident;
use serde_json::json;

use super::tables::{Table, edges_of};

/// A lock whose indexes all go to these sinks; none means stdout.
pub(crate) fn lock_for(sinks: &[&str]) -> Lock {
    let sink_plan = |name: &&str| SinkPlan {
        name: (*name).to_owned(),
        inputs: String::new(),
        kind: SinkKind::Stdout { pretty: false },
    };
    Lock {
        levels: BTreeMap::new(),
        accepted: Vec::new(),
        project: "memory".to_owned(),
        inputs: String::new(),
        source: source_plan(),
        sinks: sinks.iter().map(sink_plan).collect(),
        tables: Table::ALL.iter().map(|table| table_plan(*table)).collect(),
        indexes: vec![index_plan("customers", 0, sinks), index_plan("orders", 1, sinks)],
    }
}

fn source_plan() -> SourcePlan {
    SourcePlan {
        endpoint: SourceEndpoint::Url(SecretRef::Env("UNUSED".to_owned())),
        tls: TlsFiles::default(),
        publication: "flusso_memory".to_owned(),
        slot: "flusso_memory".to_owned(),
        manage: BTreeSet::new(),
        server_version_min: Vec::new(),
        settings: BTreeMap::new(),
        statement_timeout_ms: 1_000,
    }
}

fn table_plan(table: Table) -> TablePlan {
    let id = Ident::new("id");
    TablePlan {
        name: table.name(),
        key: vec![id.clone()],
        identity: Identity::Full,
        identity_holds: vec![id],
    }
}

fn index_plan(name: &str, position: usize, sinks: &[&str]) -> IndexPlan {
    let edge = |table: Table, is_own_key: bool| Edge {
        table: table.name(),
        roles: vec![table.name().name.to_string()],
        navigation: vec![Ident::new(if is_own_key { "id" } else { "parent" })],
        resolve: Some("select".to_owned()).filter(|_| table.name().name.as_str() != name),
        columns: BTreeMap::new(),
    };
    let mut edges: Vec<(usize, Edge)> = Vec::new();
    for table in Table::ALL {
        let own = edges_of(table).iter().filter(|(index, ..)| *index == position);
        edges.extend(own.map(|(_, at, is_own_key)| (*at, edge(table, *is_own_key))));
    }
    edges.sort_by_key(|(at, _)| *at);
    IndexPlan {
        name: name.to_owned(),
        alias: name.to_owned(),
        sinks: sinks.iter().map(|sink| (*sink).to_owned()).collect(),
        on_error: OnError::Stop,
        key: vec![KeyColumn { column: Ident::new("id"), pg_type: "bigint".to_owned() }],
        document_id: DocumentIdForm::Key,
        search_path: vec!["shop".to_owned()],
        inputs: String::new(),
        accepted: Vec::new(),
        rendering: BTreeMap::new(),
        condition: None,
        settings: BTreeMap::new(),
        body: json!({ "mappings": {} }),
        bound: String::new(),
        enums: BTreeMap::new(),
        unique: BTreeMap::new(),
        fields: BTreeMap::new(),
        nodes: Vec::new(),
        edges: edges.into_iter().map(|(_, edge)| edge).collect(),
    }
}

/// Position of an index of the lock by its name.
pub(super) fn position_of(index: &IndexPlan) -> usize {
    usize::from(index.name != "customers")
}
