//! Edges: for each captured table and its roles, which documents a change affects and which facts must stay.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::facts::IndexFacts;
use flusso_schemas::lock::{ColumnFact, Edge};
use flusso_schemas::name::{Ident, TableName};

use crate::condition::Condition;
use crate::model::Table;
use crate::pg_type::PgType;
use crate::sql::{QueryTree, RowId, resolve};

/// The key of an edge: edges of one key are one.
type EdgeKey = (TableName, Vec<Ident>, Option<String>);

/// The edges of an index, sorted by table and roles.
pub(super) fn edges(tree: &QueryTree<'_>) -> Vec<Edge> {
    let mut rows_by_key: BTreeMap<EdgeKey, Vec<RowId>> = BTreeMap::new();
    for (place, row) in tree.rows.iter().enumerate() {
        let (navigation, resolve) = resolve(tree, place);
        rows_by_key.entry((row.table.name.clone(), navigation, resolve)).or_default().push(place);
    }
    let mut edges: Vec<Edge> = rows_by_key.into_iter().map(|(key, rows)| edge(tree, key, &rows)).collect();
    edges.sort_by(|one, other| (&one.table, &one.roles).cmp(&(&other.table, &other.roles)));
    edges
}

fn edge(tree: &QueryTree<'_>, (table, navigation, resolve): EdgeKey, rows: &[RowId]) -> Edge {
    let roles: BTreeSet<&String> = rows.iter().flat_map(|row| &tree.rows[*row].roles).collect();
    let mut columns = BTreeMap::new();
    for row in rows {
        for name in &tree.rows[*row].columns {
            relied_on(tree.rows[*row].table, name, &mut columns);
        }
    }
    Edge { table, roles: roles.into_iter().cloned().collect(), navigation, resolve, columns }
}

/// A column with its facts. A generated one is not in the stream: the columns that it reads replace it.
fn relied_on(table: &Table, name: &str, columns: &mut BTreeMap<Ident, ColumnFact>) {
    let facts = table.column(name).expect("check has bound every column");
    if !facts.generated_from.is_empty() {
        facts.generated_from.iter().for_each(|source| relied_on(table, source, columns));
        return;
    }
    let pg_type = PgType::of_column(facts, table.facts.enums.as_ref()).relied_on();
    columns.insert(Ident::new(name), ColumnFact { pg_type, not_null: facts.not_null });
}

/// The column lists that make a to-one one and a key a key, where the table's primary key does not.
pub(super) fn unique(tree: &QueryTree<'_>) -> BTreeMap<TableName, Vec<Vec<Ident>>> {
    let mut unique: BTreeMap<TableName, BTreeSet<Vec<Ident>>> = BTreeMap::new();
    for row in &tree.rows {
        let joined: Vec<&str> = match row.parent {
            None => tree.index.key.iter().map(String::as_str).collect(),
            Some(_) if row.to_one => {
                let fixed = row.condition.map(Condition::fixed_columns).unwrap_or_default();
                row.pairs.iter().map(|pair| pair.child.as_str()).chain(fixed).collect()
            }
            Some(_) => continue,
        };
        let proof = proof(row.table, &joined).filter(|index| !index.primary);
        let columns =
            proof.map(|index| index.columns.iter().take(index.nkeys).flatten().map(Ident::new).collect());
        if let Some(columns) = columns {
            unique.entry(row.table.name.clone()).or_default().insert(columns);
        }
    }
    unique.into_iter().map(|(table, lists)| (table, lists.into_iter().collect())).collect()
}

/// The index by which no two rows agree on these columns: the primary key, else the shortest.
fn proof<'a>(table: &'a Table, columns: &[&str]) -> Option<&'a IndexFacts> {
    let proves = |index: &&IndexFacts| index.proves_unique(columns);
    let order = |index: &&IndexFacts| (!index.primary, index.nkeys, index.name.clone());
    table.facts.indexes.iter().filter(proves).min_by_key(order)
}
