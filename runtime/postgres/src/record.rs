//! Rule *no-row-event*: what documents depend on in the catalog and no event of a row tells.

use std::collections::BTreeMap;

use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::{IndexPlan, ROOT_PATH};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::CatalogRecord;
use tokio_postgres::Row;

use crate::facts::{cell, parameter};
use crate::relied_on::ReliedOn;
use crate::session::{Session, failed};

const RECORD: &str = include_str!("record/record.sql");
const WHAT: &str = "recording what the index relies on";
/// Schema of a type's name that has none.
const DEFAULT_SCHEMA: &str = "public";

/// What the index was built under, found by the names its queries use, in one statement.
///
/// Facts are named `table` (its oid), `table file` (its file node), `table identity`,
/// `table publication`, `table children`, `table.column` (number and type), `table.column version`
/// (of its catalog row) and `type label x`. A name that is gone has no fact.
pub(crate) async fn catalog_record(
    session: &Session,
    publication: &str,
    index: &IndexPlan,
) -> Result<CatalogRecord> {
    let asked = Asked::of(index)?;
    let tables: Vec<String> = asked.tables.iter().copied().map(parameter).collect();
    let of_tables: Vec<i32> = asked.columns.iter().map(|column| column.table).collect();
    let columns: Vec<&str> = asked.columns.iter().map(|column| column.name.as_str()).collect();
    let modified: Vec<bool> = asked.columns.iter().map(|column| column.counts_modifier).collect();
    let types: Vec<String> = asked.labels.iter().map(|(name, _)| parameter(name)).collect();
    let labels: Vec<&str> = asked.labels.iter().map(|(_, label)| *label).collect();
    let rows = session
        .client()
        .query(RECORD, &[&tables, &publication, &of_tables, &columns, &modified, &types, &labels])
        .await
        .map_err(|error| failed(WHAT, &error))?;
    rows.iter().map(|row| asked.fact(row)).collect::<Result<BTreeMap<_, _>>>().map(CatalogRecord)
}

/// What is asked, in the order of the statement's parameters.
struct Asked<'a> {
    tables: Vec<&'a TableName>,
    columns: Vec<AskedColumn<'a>>,
    labels: Vec<(TableName, &'a str)>,
}

struct AskedColumn<'a> {
    /// Place of its table, from 1.
    table: i32,
    name: &'a Ident,
    counts_modifier: bool,
}

impl<'a> Asked<'a> {
    fn of(index: &'a IndexPlan) -> Result<Self> {
        let mut by_table: BTreeMap<&TableName, BTreeMap<&Ident, bool>> = BTreeMap::new();
        for edge in &index.edges {
            let columns = by_table.entry(&edge.table).or_default();
            columns.extend(
                edge.columns.iter().map(|(name, fact)| (name, ReliedOn::parse(fact).counts_modifier())),
            );
        }
        let columns = by_table.values().zip(1..).flat_map(|(columns, table)| {
            columns.iter().map(move |(name, counts)| AskedColumn { table, name, counts_modifier: *counts })
        });
        let columns = columns.collect();
        let mut labels = Vec::new();
        for (name, each) in &index.enums {
            let name = TableName::parse(name, DEFAULT_SCHEMA)
                .map_err(|error| Error::new(ErrorKind::Internal, format!("{WHAT}: {error}")))?;
            labels.extend(each.iter().map(|label| (name.clone(), label.as_str())));
        }
        Ok(Self { tables: by_table.into_keys().collect(), columns, labels })
    }

    /// A row of the answer as name and fact.
    fn fact(&self, row: &Row) -> Result<(String, String)> {
        let (what, place) = (cell::<&str>(row, 0)?, cell::<i32>(row, 1)?);
        let at = usize::try_from(place - 1).ok();
        let column = || {
            let column = self.columns.get(at?)?;
            let table = self.tables.get(usize::try_from(column.table - 1).ok()?)?;
            Some(format!("{table}.{}", column.name))
        };
        let name = match what {
            "table" => at.and_then(|at| self.tables.get(at)).map(ToString::to_string),
            "column" => column(),
            "version" => column().map(|column| format!("{column} version")),
            "label" => {
                at.and_then(|at| self.labels.get(at)).map(|(name, label)| format!("{name} label {label}"))
            }
            of_table => at.and_then(|at| self.tables.get(at)).map(|table| format!("{table} {of_table}")),
        };
        let name =
            name.ok_or_else(|| Error::new(ErrorKind::Internal, format!("{WHAT}: no {what} {place}")))?;
        Ok((name, cell(row, 2)?))
    }
}

/// Rows of the root's table as the planner estimates them; none where it was never analysed.
pub(crate) async fn rows_estimated(session: &Session, index: &IndexPlan) -> Result<Option<u64>> {
    let is_root = |role: &String| role == ROOT_PATH;
    let Some(root) = index.edges.iter().find(|edge| edge.roles.iter().any(is_root)) else { return Ok(None) };
    let statement = "select c.reltuples::float8 from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2";
    let (schema, name) = (root.table.schema.as_str(), root.table.name.as_str());
    let row = session.client().query_opt(statement, &[&schema, &name]).await;
    let row = row.map_err(|error| failed("estimating rows", &error))?;
    let rows: Option<f64> = row.as_ref().map(|row| cell(row, 0)).transpose()?;
    // -1 means unknown, not small. A float of rows is whole and far below 2^53.
    Ok(rows.filter(|rows| *rows >= 0.0).map(|rows| rows as u64))
}
