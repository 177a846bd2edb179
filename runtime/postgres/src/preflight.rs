//! Everything that would keep a plan from running against this server, or make its documents wrong.
//!
//! Facts are read once; what follows from them is judged without the server, by the rule book that `flusso check` uses too
//! ([`flusso_lints::source`]), and against what the lock relies on.

mod catalog;

use flusso_lints::source::{self, SourceNeeds};
use flusso_runtime::Result;
use flusso_schemas::lock::Lock;
use flusso_schemas::name::TableName;
use flusso_schemas::report::Finding;

use crate::facts::catalog_facts;
use crate::session::Session;

/// Every finding about the plan, most general first. Changes nothing.
pub(crate) async fn findings(session: &Session, plan: &Lock) -> Result<Vec<Finding>> {
    let mut names: Vec<TableName> = plan.tables.iter().map(|table| table.name.clone()).collect();
    names.extend(plan.indexes.iter().flat_map(|index| &index.edges).map(|edge| edge.table.clone()));
    names.sort();
    names.dedup();
    let facts = catalog_facts(session, &names).await?;
    let mut found = source::judge(&SourceNeeds::of(plan), &facts);
    found.extend(catalog::findings(plan, &facts));
    Ok(found)
}

/// Findings about the server and our role alone: what keeps a walsender from starting. Changes nothing.
pub(crate) async fn server_findings(session: &Session, plan: &Lock) -> Result<Vec<Finding>> {
    let facts = catalog_facts(session, &[]).await?;
    Ok(source::before_walsender(&plan.source, &facts))
}

#[cfg(test)]
mod tests {
    //! One plan and the facts that fit it.

    use std::collections::{BTreeMap, BTreeSet};

    use flusso_schemas::facts::{
        CatalogFacts, ColumnFacts, IndexFacts, MembershipFacts, PublicationFacts, RelationFacts, RoleFacts,
        ServerFacts,
    };
    use flusso_schemas::lock::{
        DocumentIdForm, Edge, Identity, IndexPlan, KeyColumn, Manage, OnError, SecretRef, SourceEndpoint,
        SourcePlan, TablePlan, TlsFiles,
    };
    use flusso_schemas::name::Ident;

    use super::*;

    pub(super) fn table() -> TableName {
        TableName::new("shop", "orders")
    }

    pub(super) fn plan(manage: &[Manage]) -> Lock {
        let columns = [("id", "bigint not null"), ("total", "numeric(12,2) not null")];
        let columns = columns.map(|(name, fact)| (Ident::new(name), fact.to_owned()));
        let edge = Edge {
            table: table(),
            roles: vec![".".to_owned()],
            navigation: vec![Ident::new("id")],
            resolve: None,
            columns: columns.into(),
        };
        let source = SourcePlan {
            endpoint: SourceEndpoint::Url(SecretRef::Env("URL".to_owned())),
            tls: TlsFiles::default(),
            publication: "flusso_shop".to_owned(),
            slot: "flusso_shop".to_owned(),
            manage: BTreeSet::from_iter(manage.iter().copied()),
            server_version_min: ["15.13", "16.9", "17.5", "18.0"].map(str::to_owned).to_vec(),
            settings: BTreeMap::from([("wal_level".to_owned(), "logical".to_owned())]),
            statement_timeout_ms: 1000,
        };
        let index = IndexPlan {
            name: "orders".to_owned(),
            alias: "orders".to_owned(),
            sinks: Vec::new(),
            on_error: OnError::Stop,
            key: vec![KeyColumn { column: Ident::new("id"), pg_type: "bigint".to_owned() }],
            document_id: DocumentIdForm::Key,
            search_path: vec!["pg_catalog".to_owned()],
            inputs: String::new(),
            accepted: Vec::new(),
            rendering: BTreeMap::new(),
            condition: None,
            settings: BTreeMap::new(),
            body: serde_json::Value::Null,
            bound: String::new(),
            enums: BTreeMap::new(),
            unique: BTreeMap::new(),
            fields: BTreeMap::new(),
            nodes: Vec::new(),
            edges: vec![edge],
        };
        let holds = vec![Ident::new("id")];
        let table = TablePlan {
            name: table(),
            key: holds.clone(),
            identity: Identity::Default,
            identity_holds: holds,
        };
        Lock {
            levels: BTreeMap::new(),
            accepted: Vec::new(),
            project: "shop".to_owned(),
            inputs: String::new(),
            source,
            sinks: Vec::new(),
            tables: vec![table],
            indexes: vec![index],
        }
    }

    pub(super) fn facts() -> CatalogFacts {
        let setting = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        let server = ServerFacts {
            version: 150_018,
            database: "shop".to_owned(),
            encoding: "UTF8".to_owned(),
            settings: [setting("max_replication_slots", "10"), setting("max_wal_senders", "10")].into(),
            role: RoleFacts {
                name: "sync".to_owned(),
                replication: true,
                create_in_database: true,
                ..RoleFacts::default()
            },
            publications: Some(vec![PublicationFacts {
                name: "flusso_shop".to_owned(),
                owned: true,
                insert: true,
                update: true,
                delete: true,
                truncate: true,
                ..PublicationFacts::default()
            }]),
            ..ServerFacts::default()
        };
        CatalogFacts { server, relations: [(table(), relation())].into(), ..CatalogFacts::default() }
    }

    fn relation() -> RelationFacts {
        let column = |name: &str, pg_type: &str| ColumnFacts {
            name: name.to_owned(),
            pg_type: pg_type.to_owned(),
            not_null: true,
            ..ColumnFacts::default()
        };
        let key = IndexFacts {
            name: "orders_pkey".to_owned(),
            primary: true,
            unique: true,
            immediate: true,
            valid: true,
            nkeys: 1,
            columns: vec![Some("id".to_owned())],
            ..IndexFacts::default()
        };
        RelationFacts {
            kind: "r".to_owned(),
            persistence: "p".to_owned(),
            identity: "d".to_owned(),
            owned: true,
            usage: true,
            select: true,
            columns: vec![column("id", "bigint"), column("total", "numeric(12,2)")],
            indexes: vec![key],
            published: vec![MembershipFacts {
                publication: "flusso_shop".to_owned(),
                ..MembershipFacts::default()
            }],
            ..RelationFacts::default()
        }
    }

    /// The only finding, as `lint: message`; empty where there is none.
    pub(super) fn only(findings: Vec<Finding>) -> String {
        let all: Vec<String> =
            findings.iter().map(|each| format!("{}: {}", each.lint, each.message)).collect();
        assert!(all.len() <= 1, "{all:#?}");
        all.into_iter().next().unwrap_or_default()
    }
}
