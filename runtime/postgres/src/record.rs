//! Rule *no-row-event*: what documents depend on in the catalog and no row change reports.

pub(crate) mod calls;
pub(crate) mod settled;

use std::collections::{BTreeMap, BTreeSet};

use flusso_lints::source::relied_on::ReliedOn;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::{IndexPlan, ROOT_PATH};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::{CatalogRecord, ChildRecord, ColumnRecord, IdentityRecord, TableRecord};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::facts::{cell, parameter};
use crate::session::Session;

const RECORD: &str = include_str!("record/record.sql");
const WHAT: &str = "reading what the index relies on in the catalog";
/// Schema of a type's name that has none.
const DEFAULT_SCHEMA: &str = "public";
/// The replica identity that holds every column.
const FULL: &str = "f";

/// What the index depends on, found by the names its queries use, in one statement and so in one
/// snapshot. A name that does not exist is missing from it.
pub(crate) async fn catalog_record(
    session: &Session,
    publication: &str,
    index: &IndexPlan,
) -> Result<CatalogRecord> {
    let request = Request::of(index)?;
    let tables: Vec<String> = request.tables.iter().map(|table| parameter(table.name)).collect();
    let of_tables: Vec<i32> = request.columns.iter().map(|column| column.table).collect();
    let columns: Vec<&str> = request.columns.iter().map(|column| column.name.as_str()).collect();
    let modified: Vec<bool> = request.columns.iter().map(|column| column.relied.counts_modifier()).collect();
    let not_null: Vec<bool> = request.columns.iter().map(|column| column.relied.not_null).collect();
    let types: Vec<String> = request.labels.iter().map(|label| parameter(&label.type_name)).collect();
    let labels: Vec<&str> = request.labels.iter().map(|label| label.label).collect();
    let calls = calls::of(index);
    let (schemas, functions): (Vec<Option<String>>, Vec<String>) = calls.functions.into_iter().unzip();
    let operators: Vec<String> = calls.operators.into_iter().collect();
    let names: Vec<String> = calls.names.into_iter().collect();
    let rows = session
        .query(
            WHAT,
            RECORD,
            &[
                &tables,
                &publication,
                &of_tables,
                &columns,
                &modified,
                &not_null,
                &types,
                &labels,
                &functions,
                &schemas,
                &index.search_path,
                &operators,
                &names,
            ],
        )
        .await?;
    let mut record = CatalogRecord::default();
    // Tables come before their columns, which are put into them.
    for row in &rows {
        request.add(&mut record, row)?;
    }
    Ok(record)
}

/// The names to look up, in the order of the statement's parameters.
struct Request<'a> {
    tables: Vec<RequestedTable<'a>>,
    columns: Vec<RequestedColumn<'a>>,
    labels: Vec<RequestedLabel<'a>>,
}

struct RequestedTable<'a> {
    name: &'a TableName,
    /// Columns of its edges' navigation.
    navigation: BTreeSet<&'a Ident>,
    /// Column lists relied on as unique.
    unique: BTreeSet<&'a Vec<Ident>>,
}

struct RequestedColumn<'a> {
    /// Place of its table, from 1.
    table: i32,
    name: &'a Ident,
    relied: ReliedOn<'a>,
}

struct RequestedLabel<'a> {
    /// The type as the lock spells it.
    spelled: &'a str,
    type_name: TableName,
    label: &'a str,
}

/// A table as the statement prints it.
#[derive(Deserialize)]
struct TableFact {
    oid: u32,
    file: u32,
    class_xmin: u32,
    identity: String,
    published: Option<u32>,
    children: BTreeSet<ChildRecord>,
    layout: Vec<String>,
    indexes: Vec<IndexFact>,
}

/// A unique index that is checked at once, without predicate or expression.
#[derive(Deserialize)]
struct IndexFact {
    identity: bool,
    columns: BTreeSet<String>,
}

#[derive(Deserialize)]
struct FunctionFact {
    signature: String,
    xmin: u32,
}

impl<'a> Request<'a> {
    fn of(index: &'a IndexPlan) -> Result<Self> {
        let mut tables: BTreeMap<&TableName, RequestedTable<'_>> = BTreeMap::new();
        let mut columns: BTreeMap<&TableName, BTreeMap<&Ident, ReliedOn<'_>>> = BTreeMap::new();
        for edge in &index.edges {
            let table = tables.entry(&edge.table).or_insert_with(|| RequestedTable {
                name: &edge.table,
                navigation: BTreeSet::new(),
                unique: index.unique.get(&edge.table).into_iter().flatten().collect(),
            });
            table.navigation.extend(&edge.navigation);
            let relied = edge.columns.iter().map(|(name, fact)| (name, ReliedOn::of(fact)));
            let columns = columns.entry(&edge.table).or_default();
            columns.extend(relied);
            for name in &edge.navigation {
                columns.entry(name).or_insert(ReliedOn::NOTHING);
            }
        }
        let columns = columns.into_values().zip(1..).flat_map(|(columns, table)| {
            columns.into_iter().map(move |(name, relied)| RequestedColumn { table, name, relied })
        });
        let columns = columns.collect();
        let mut labels = Vec::new();
        for (spelled, each) in &index.enums {
            let name = enum_name(spelled)?;
            let label = |label| RequestedLabel { spelled, type_name: name.clone(), label };
            labels.extend(each.iter().map(|each| label(each.as_str())));
        }
        Ok(Self { tables: tables.into_values().collect(), columns, labels })
    }

    /// Puts a row of the answer where it belongs.
    fn add(&self, record: &mut CatalogRecord, row: &Row) -> Result<()> {
        let (what, place, fact) = (cell::<&str>(row, 0)?, cell::<i32>(row, 1)?, cell::<&str>(row, 2)?);
        match what {
            "publication" => record.publication = Some(typed(fact)?),
            "table" => {
                let table = at(&self.tables, place)?;
                record.tables.insert(table.name.clone(), table.record(typed(fact)?));
            }
            "column" => {
                let column = at(&self.columns, place)?;
                let table = record.tables.get_mut(at(&self.tables, column.table)?.name);
                let table = table.ok_or_else(|| contradiction("a column of no table"))?;
                table.columns.insert(column.name.clone(), typed::<ColumnRecord>(fact)?);
            }
            "label" => {
                let label = at(&self.labels, place)?;
                let labels = record.labels.entry(label.spelled.to_owned()).or_default();
                labels.insert(label.label.to_owned(), typed(fact)?);
            }
            _ => {
                let FunctionFact { signature, xmin } = typed(fact)?;
                record.functions.insert(signature, xmin);
            }
        }
        Ok(())
    }
}

/// An enum's schema and name, from the type as the lock spells it.
pub(crate) fn enum_name(spelled: &str) -> Result<TableName> {
    TableName::parse(spelled, DEFAULT_SCHEMA)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("{WHAT}: {error}")))
}

impl RequestedTable<'_> {
    fn record(&self, fact: TableFact) -> TableRecord {
        let is_held = |column: &Ident| {
            let in_index = |index: &IndexFact| index.identity && index.columns.contains(column.as_str());
            fact.identity == FULL || fact.indexes.iter().any(in_index)
        };
        let held = self.navigation.iter().filter(|column| is_held(column)).map(|column| (*column).clone());
        let is_unique = |list: &Vec<Ident>| {
            let of_list = |column: &String| list.iter().any(|name| name.as_str() == column);
            fact.indexes.iter().any(|index| index.columns.iter().all(of_list))
        };
        let unique = self.unique.iter().filter(|list| is_unique(list)).map(|list| (*list).clone());
        TableRecord {
            oid: fact.oid,
            file: fact.file,
            class_xmin: fact.class_xmin,
            identity: IdentityRecord { columns: held.collect(), form: fact.identity.clone() },
            published: fact.published,
            unique: unique.collect(),
            children: fact.children,
            columns: BTreeMap::new(),
            layout: fact.layout.into_iter().map(Ident::new).collect(),
        }
    }
}

/// The item at a position of the statement's input, counted from 1.
fn at<T>(items: &[T], place: i32) -> Result<&T> {
    let item = usize::try_from(place - 1).ok().and_then(|at| items.get(at));
    item.ok_or_else(|| contradiction("a place that was not asked for"))
}

fn typed<T: DeserializeOwned>(fact: &str) -> Result<T> {
    serde_json::from_str(fact).map_err(|error| contradiction(&error.to_string()))
}

fn contradiction(why: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("{WHAT}: unexpected answer: {why}"))
}

/// Rows of the root's table as the planner estimates them; `None` if it was never analysed.
pub(crate) async fn rows_estimated(session: &Session, index: &IndexPlan) -> Result<Option<u64>> {
    let is_root = |role: &String| role == ROOT_PATH;
    let Some(root) = index.edges.iter().find(|edge| edge.roles.iter().any(is_root)) else { return Ok(None) };
    let statement = "select c.reltuples::float8 from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2";
    let (schema, name) = (root.table.schema.as_str(), root.table.name.as_str());
    let row = session.query_opt("estimating rows", statement, &[&schema, &name]).await?;
    let rows: Option<f64> = row.as_ref().map(|row| cell(row, 0)).transpose()?;
    // -1 means unknown, not small. A float of rows is whole and far below 2^53.
    Ok(rows.filter(|rows| *rows >= 0.0).map(|rows| rows as u64))
}
