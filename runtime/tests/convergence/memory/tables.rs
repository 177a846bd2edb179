//! Four tables, what documents say about them, and how a row leads to documents.
//!
//! `customers` has many `orders` has many `items` has many `notes`; a row's `parent` is its foreign key.
//! Index 0 (`customers`) lists a customer's orders that are not hidden; index 1 (`orders`) holds an order
//! that is not hidden with its customer, items and their notes: a to-one, a to-many two steps deep, and a
//! filter at the root.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::name::TableName;
use serde_json::json;

use flusso_runtime::documents::Key;

/// A table of the world; the order is that of the locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// Root of index 0.
    Customers,
    /// Children of orders.
    Items,
    /// Children of items.
    Notes,
    /// Root of index 1, children of customers.
    Orders,
}

impl Table {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Customers, Self::Items, Self::Notes, Self::Orders];

    /// Its name in the catalog.
    pub(crate) fn name(self) -> TableName {
        let name = match self {
            Self::Customers => "customers",
            Self::Notes => "notes",
            Self::Items => "items",
            Self::Orders => "orders",
        };
        TableName::new("shop", name)
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Foreign key to the table above; 0 leads nowhere.
    pub parent: u64,
    /// What it says.
    pub value: u64,
    /// Whether a filter leaves it out.
    pub hidden: bool,
}

/// What one statement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A row was inserted, updated or (none) deleted.
    Put(Table, u64, Option<Row>),
    /// A table was emptied.
    Truncate(Table),
    /// A row was written while the table had another name.
    PutRenamed(Table, u64, Option<Row>),
}

/// Every row, and the file each table is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    rows: BTreeMap<Table, BTreeMap<u64, Row>>,
    file_nodes: BTreeMap<Table, u32>,
}

/// The key of a row, as the source prints it: padded, so that text has the order of numbers.
pub(crate) fn key_of(id: u64) -> Key {
    Key(vec![format!("{id:06}")])
}

/// The row of a key.
pub(super) fn id_of(key: &Key) -> u64 {
    key.0[0].parse().expect("keys of the memory source are numbers")
}

impl Tables {
    /// The same after a change.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Put(table, id, row) | Change::PutRenamed(table, id, row) => self.put(*table, *id, *row),
            Change::Truncate(table) => {
                self.rows.remove(table);
                self.change_file(*table);
            }
        }
    }

    fn put(&mut self, table: Table, id: u64, row: Option<Row>) {
        let rows = self.rows.entry(table).or_default();
        match row {
            Some(row) => drop(rows.insert(id, row)),
            None => drop(rows.remove(&id)),
        }
    }

    /// One row.
    pub(super) fn row(&self, table: Table, id: u64) -> Option<Row> {
        self.rows.get(&table)?.get(&id).copied()
    }

    /// Ids of a table, ascending.
    pub(super) fn ids(&self, table: Table) -> impl Iterator<Item = u64> {
        self.rows.get(&table).into_iter().flat_map(BTreeMap::keys).copied()
    }

    /// The file each table is in.
    pub(super) fn file_nodes(&self) -> Vec<(TableName, u32)> {
        Table::ALL.iter().map(|table| (table.name(), self.file_node(*table))).collect()
    }

    /// The file a table is in.
    pub(super) fn file_node(&self, table: Table) -> u32 {
        self.file_nodes.get(&table).copied().unwrap_or(0)
    }

    /// Its rows are in another file.
    pub(super) fn change_file(&mut self, table: Table) {
        *self.file_nodes.entry(table).or_default() += 1;
    }

    fn children(&self, table: Table, parent: u64) -> impl Iterator<Item = (u64, Row)> {
        let rows = self.rows.get(&table).into_iter().flatten();
        rows.filter(move |(_, row)| row.parent == parent).map(|(id, row)| (*id, *row))
    }

    /// The document of a root row, if it has one.
    pub(super) fn document(&self, index: usize, id: u64) -> Option<Vec<u8>> {
        let document = match index {
            0 => {
                let customer = self.row(Table::Customers, id)?;
                let orders = self.children(Table::Orders, id).filter(|(_, order)| !order.hidden);
                let orders: Vec<_> = orders.map(|(id, order)| json!([id, order.value])).collect();
                json!({ "id": id, "value": customer.value, "orders": orders })
            }
            _ => {
                let order = self.row(Table::Orders, id).filter(|order| !order.hidden)?;
                let customer = self.row(Table::Customers, order.parent).map(|customer| customer.value);
                let items: Vec<_> = self.children(Table::Items, id).map(|item| self.item(item)).collect();
                json!({ "id": id, "value": order.value, "customer": customer, "items": items })
            }
        };
        Some(document.to_string().into_bytes())
    }

    fn item(&self, (id, item): (u64, Row)) -> serde_json::Value {
        let notes: Vec<u64> = self.children(Table::Notes, id).map(|(_, note)| note.value).collect();
        json!([id, item.value, notes])
    }

    /// From navigation values of an edge (see [`edges_of`]) to root keys.
    pub(super) fn resolve(&self, index: usize, edge: usize, keys: &[Key]) -> BTreeSet<u64> {
        let ids = keys.iter().map(id_of);
        match (index, edge) {
            (0, _) => ids.filter(|id| self.row(Table::Customers, *id).is_some()).collect(),
            (_, 0) => ids.flat_map(|id| self.children(Table::Orders, id).map(|(id, _)| id)).collect(),
            (_, 1) => ids.filter(|id| self.row(Table::Orders, *id).is_some()).collect(),
            _ => {
                let items = ids.filter_map(|id| self.row(Table::Items, id));
                items.map(|item| item.parent).filter(|id| self.row(Table::Orders, *id).is_some()).collect()
            }
        }
    }
}

/// The root table of an index.
pub(super) fn root_of(index: usize) -> Table {
    if index == 0 { Table::Customers } else { Table::Orders }
}

/// How a row of a table leads to documents: index, edge, and whether the edge starts from the row's own
/// key rather than from its foreign key.
pub(super) fn edges_of(table: Table) -> &'static [(usize, usize, bool)] {
    match table {
        Table::Customers => &[(0, 0, true), (1, 0, true)],
        Table::Items => &[(1, 1, false)],
        Table::Notes => &[(1, 2, false)],
        Table::Orders => &[(0, 1, false), (1, 3, true)],
    }
}
