//! What names must resolve to in a reading transaction: as parameters of the statement that describes its
//! snapshot, and as its expected answer.

use flusso_runtime::drift::{Difference, moved_names};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::CatalogRecord;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::seen::Named;
use crate::record::enum_name;

/// The tables, columns and labels of one index's record. Everything is looked up by the oid that was
/// recorded, which is an index's key in the catalog, and compared with the name.
#[derive(Debug)]
pub(super) struct RecordedNames {
    record: CatalogRecord,
    columns: Vec<(TableName, Ident)>,
    labels: Vec<(String, String)>,
    asked: NameQuery,
}

/// The statement's parameters from the third on.
#[derive(Debug, Default)]
pub(super) struct NameQuery {
    relations: Vec<u32>,
    columns: Vec<String>,
    label_oids: Vec<u32>,
    label_schemas: Vec<String>,
    label_types: Vec<String>,
    labels: Vec<String>,
}

impl NameQuery {
    /// In the statement's order.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 6] {
        [
            &self.relations,
            &self.columns,
            &self.label_oids,
            &self.label_schemas,
            &self.label_types,
            &self.labels,
        ]
    }
}

impl RecordedNames {
    /// The names of a record, in the order of the query's parameters.
    pub(super) fn of(record: CatalogRecord) -> flusso_runtime::error::Result<Self> {
        let (mut asked, mut columns, mut labels) = (NameQuery::default(), Vec::new(), Vec::new());
        for (table, known) in &record.tables {
            for column in known.columns.keys() {
                asked.relations.push(known.oid);
                asked.columns.push(column.as_str().to_owned());
                columns.push((table.clone(), column.clone()));
            }
        }
        for (spelled, known) in &record.labels {
            let name = enum_name(spelled)?;
            for (label, oid) in known {
                asked.label_oids.push(*oid);
                asked.label_schemas.push(name.schema.as_str().to_owned());
                asked.label_types.push(name.name.as_str().to_owned());
                asked.labels.push(label.clone());
                labels.push((spelled.clone(), label.clone()));
            }
        }
        Ok(Self { record, columns, labels, asked })
    }

    pub(super) fn asked(&self) -> &NameQuery {
        &self.asked
    }

    /// An error if a name resolves to something else. `tables` are those of the oids.
    pub(super) fn check(&self, tables: &[TableName], named: &Named) -> Result<(), Fault> {
        if self.is_as_recorded(tables, named) {
            return Ok(());
        }
        let differences = self.differences(tables, named);
        if differences.is_empty() { Ok(()) } else { Err(Fault::Moved(differences)) }
    }

    /// Whether everything is as it was recorded, as it is in nearly every transaction: nothing is copied
    /// to find out.
    fn is_as_recorded(&self, tables: &[TableName], named: &Named) -> bool {
        let oids = tables.iter().map(|table| self.record.tables.get(table).map(|known| known.oid));
        let columns = self.record.tables.values().flat_map(|known| known.columns.values());
        oids.eq(named.tables.iter().map(|oid| Some(*oid)))
            && columns.map(|known| (known.num, known.type_oid)).eq(named.columns.iter().copied())
            && !named.labels.contains(&0)
    }

    fn differences(&self, tables: &[TableName], named: &Named) -> Vec<Difference> {
        let mut now = self.record.clone();
        for (table, oid) in tables.iter().zip(&named.tables) {
            match (oid, now.tables.get_mut(table)) {
                (0, _) => drop(now.tables.remove(table)),
                (oid, Some(known)) => known.oid = *oid,
                (_, None) => {}
            }
        }
        for ((table, column), (num, type_oid)) in self.columns.iter().zip(&named.columns) {
            let Some(known) = now.tables.get_mut(table) else { continue };
            match (num, known.columns.get_mut(column)) {
                (0, _) => drop(known.columns.remove(column)),
                (num, Some(known)) => (known.num, known.type_oid) = (*num, *type_oid),
                (_, None) => {}
            }
        }
        for ((spelled, label), _) in self.labels.iter().zip(&named.labels).filter(|(_, row)| **row == 0) {
            now.labels.entry(spelled.clone()).or_default().remove(label);
        }
        moved_names(&self.record, &now)
    }
}
