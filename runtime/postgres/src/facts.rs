//! Facts of the catalog about the tables that a project names: four statements in one snapshot.
//!
//! They take names by joining the catalog, never as `regclass`, and print no expression: so they
//! work for a role that may only connect, and wait for no lock.

use std::collections::BTreeMap;
use std::time::Duration;

use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::facts::{
    CatalogFacts, ForeignKeyFacts, IndexFacts, MembershipFacts, RelationFacts, ServerFacts,
};
use flusso_schemas::lock::{SourceEndpoint, TlsFiles};
use flusso_schemas::name::TableName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connect::ConnectPlan;
use crate::session::{Bond, Session, connect, failed};

const SERVER: &str = include_str!("facts/server.sql");
const RELATIONS: &str = include_str!("facts/relations.sql");
const KEYS: &str = include_str!("facts/keys.sql");
const PUBLICATIONS: &str = include_str!("facts/publications.sql");
const WHAT: &str = "reading the catalog";

/// Facts of an endpoint, over a connection of its own: what `flusso check` asks.
///
/// A server that cannot be reached, and a reference that cannot be resolved, are
/// [`ErrorKind::Unreachable`]. Returns the session as well, for probes.
pub async fn catalog_facts_of(
    endpoint: &SourceEndpoint,
    files: &TlsFiles,
    statement_timeout: Duration,
    allow_commands: bool,
    tables: &[TableName],
) -> Result<(CatalogFacts, Session)> {
    let (endpoint, files) = (endpoint.clone(), files.clone());
    let plan = tokio::task::spawn_blocking(move || {
        ConnectPlan::of_endpoint(&endpoint, &files, statement_timeout, allow_commands)
    });
    let plan = plan.await.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))??;
    let session = connect(&plan, "check", &Bond::default()).await?;
    let facts = catalog_facts(&session, tables).await?;
    Ok((facts, session))
}

/// Facts of the named tables in one snapshot. The session must be in no transaction.
///
/// A table that does not exist is missing from `relations`. A foreign key's other table need not be
/// named.
pub async fn catalog_facts(session: &Session, tables: &[TableName]) -> Result<CatalogFacts> {
    session.run(WHAT, "begin isolation level repeatable read, read only").await?;
    let read = read(session, tables).await;
    let ended = session.rollback().await;
    read.and_then(|facts| ended.map(|()| facts))
}

async fn read(session: &Session, tables: &[TableName]) -> Result<CatalogFacts> {
    let names: Vec<String> = tables.iter().map(parameter).collect();
    let server = ask(session, SERVER, &names).await?;
    let relations = ask(session, RELATIONS, &names).await?;
    let oids: Vec<u32> = relations.iter().map(|row| cell(row, 0)).collect::<Result<_>>()?;
    let keys = ask(session, KEYS, &oids).await?;
    let published = ask(session, PUBLICATIONS, &oids).await?;
    assemble(&server, &relations, &keys, &published)
}

async fn ask(session: &Session, statement: &str, parameter: &(dyn ToSql + Sync)) -> Result<Vec<Row>> {
    session.query(WHAT, statement, &[parameter]).await
}

fn assemble(server: &[Row], relations: &[Row], keys: &[Row], published: &[Row]) -> Result<CatalogFacts> {
    let mut facts = CatalogFacts::default();
    if let Some(row) = server.first() {
        facts.server = server_facts(cell(row, 0)?)?;
    }
    let mut names = BTreeMap::new();
    for row in relations {
        let name = TableName::new(cell::<&str>(row, 1)?, cell::<&str>(row, 2)?);
        facts.relations.insert(name.clone(), fact::<RelationFacts>(cell(row, 3)?)?);
        names.insert(cell::<u32>(row, 0)?, name);
    }
    for row in keys {
        match cell(row, 0)? {
            "index" => {
                relation(&mut facts, &names, cell(row, 1)?)?.indexes.push(fact::<IndexFacts>(cell(row, 2)?)?)
            }
            _ => facts.foreign_keys.push(fact::<ForeignKeyRow>(cell(row, 2)?)?.into()),
        }
    }
    for row in published {
        relation(&mut facts, &names, cell(row, 0)?)?.published.push(fact::<MembershipFacts>(cell(row, 1)?)?);
    }
    Ok(facts)
}

fn relation<'a>(
    facts: &'a mut CatalogFacts,
    names: &BTreeMap<u32, TableName>,
    oid: u32,
) -> Result<&'a mut RelationFacts> {
    let name = names.get(&oid);
    name.and_then(|name| facts.relations.get_mut(name))
        .ok_or_else(|| contradiction(format!("a fact about a relation with oid {oid} that was not named")))
}

fn server_facts(text: &str) -> Result<ServerFacts> {
    let mut value = value(text)?;
    let elsewhere = take::<Vec<(String, String, Vec<String>)>>(&mut value, "names_elsewhere")?;
    let near = take::<Vec<(String, String)>>(&mut value, "tables_near")?;
    let mut server: ServerFacts = typed(value)?;
    let spelled = |schema: String, name: String| TableName::new(schema, name).to_string();
    server.names_elsewhere =
        elsewhere.into_iter().map(|(schema, name, schemas)| (spelled(schema, name), schemas)).collect();
    server.tables_near = near.into_iter().map(|(schema, name)| spelled(schema, name)).collect();
    Ok(server)
}

fn take<T: DeserializeOwned + Default>(value: &mut Value, key: &str) -> Result<T> {
    value.as_object_mut().and_then(|entries| entries.shift_remove(key)).map_or(Ok(T::default()), typed)
}

/// A foreign key as the statement prints it.
#[derive(Deserialize)]
struct ForeignKeyRow {
    name: String,
    from: (String, String),
    to: (String, String),
    columns: Vec<String>,
    references: Vec<String>,
    valid: bool,
    deferrable: bool,
}

impl From<ForeignKeyRow> for ForeignKeyFacts {
    fn from(row: ForeignKeyRow) -> Self {
        Self {
            name: row.name,
            from: TableName::new(row.from.0, row.from.1),
            to: TableName::new(row.to.0, row.to.1),
            columns: row.columns,
            references: row.references,
            valid: row.valid,
            deferrable: row.deferrable,
        }
    }
}

fn fact<T: DeserializeOwned>(text: &str) -> Result<T> {
    typed(value(text)?)
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| contradiction(error.to_string()))
}

/// The JSON without members that are null: an aggregate over nothing is null, and means nothing.
fn value(text: &str) -> Result<Value> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| contradiction(error.to_string()))?;
    drop_nulls(&mut value);
    Ok(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.retain(|_, entry| !entry.is_null());
            entries.values_mut().for_each(drop_nulls);
        }
        // A null in a list has a place: it is an expression among an index's columns.
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// One column of a row of our own statement.
pub(crate) fn cell<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| failed(WHAT, &error))
}

/// A qualified name as the statements take it.
pub(crate) fn parameter(name: impl std::borrow::Borrow<TableName>) -> String {
    let name = name.borrow();
    format!("{}\u{1f}{}", name.schema.as_str(), name.name.as_str())
}

fn contradiction(why: String) -> Error {
    Error::new(ErrorKind::Internal, format!("unexpected answer about the catalog: {why}"))
}
