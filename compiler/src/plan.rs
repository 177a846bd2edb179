//! From a checked project to its lock: tables, bodies, fields, queries and edges.
//!
//! Nothing can go wrong here: what could be doubted was refused by check.

#[cfg(test)]
mod build;
mod edges;
#[cfg(test)]
mod example;
mod fields;
mod identity;
#[cfg(test)]
mod shapes;

use std::collections::BTreeMap;

use flusso_schemas::lock::{Edge, IndexPlan, KeyColumn, Lock};
use flusso_schemas::name::{Ident, TableName};

use crate::condition::Condition;
use crate::kinds::Kind;
use crate::mapping;
use crate::model::{Checked, Field, Form, Index, Shape, Table};
use crate::pg_type::{BaseType, PgType};
use crate::sql::{self, QueryTree};
use crate::suppress::Decisions;

pub use identity::NeededIdentity;

/// The lock of a project, with what it decided about lints.
pub(crate) fn lock(checked: &Checked, decisions: &Decisions) -> Lock {
    Lock {
        project: checked.project.clone(),
        inputs: checked.inputs.clone(),
        levels: decisions.levels.clone(),
        accepted: decisions.of_project().collect(),
        source: checked.source.clone(),
        sinks: checked.sinks.clone(),
        tables: needed_identities(checked).into_iter().map(|(name, needed)| needed.plan(name)).collect(),
        indexes: checked.indexes.iter().map(|each| index(each, decisions)).collect(),
    }
}

/// What the replica identity of each captured table must hold, and the cheapest that does.
pub fn needed_identities(checked: &Checked) -> BTreeMap<TableName, NeededIdentity> {
    let trees: Vec<QueryTree<'_>> = checked.indexes.iter().map(QueryTree::new).collect();
    identity::needed(&trees)
}

fn index(index: &Index, decisions: &Decisions) -> IndexPlan {
    let tree = QueryTree::new(index);
    let (body, settings) = mapping::body(index);
    let edges = edges::edges(&tree);
    IndexPlan {
        name: index.name.clone(),
        alias: index.name.clone(),
        sinks: index.sinks.clone(),
        on_error: index.on_error,
        key: key(&tree),
        document_id: index.document_id,
        search_path: index.search_path.clone(),
        inputs: index.inputs.clone(),
        accepted: decisions.of_index(&index.name).collect(),
        rendering: rendering(index),
        condition: index.condition.as_ref().map(Condition::text),
        body,
        settings,
        bound: sql::bound(&tree),
        enums: enums(&tree, &edges),
        unique: edges::unique(&tree),
        fields: fields::fields(&tree),
        nodes: tree.nodes.iter().map(|node| sql::node(&tree, node)).collect(),
        edges,
    }
}

fn key(tree: &QueryTree<'_>) -> Vec<KeyColumn> {
    let part = |(column, pg_type): (&String, String)| KeyColumn { column: Ident::new(column), pg_type };
    tree.index.key.iter().zip(sql::key_cast_names(tree)).map(part).collect()
}

fn column_type(table: &Table, column: &str) -> PgType {
    let facts = table.column(column).expect("check has bound every column");
    PgType::of_column(facts, table.facts.enums.as_ref())
}

/// Labels of the enum types that any edge relies on.
fn enums(tree: &QueryTree<'_>, edges: &[Edge]) -> BTreeMap<String, Vec<String>> {
    let mut enums = BTreeMap::new();
    for edge in edges {
        let table = tree.rows.iter().map(|row| row.table).find(|table| table.name == edge.table);
        let table = table.expect("an edge's table is a row's");
        for column in edge.columns.keys() {
            if let BaseType::Enum { name, labels } = column_type(table, column.as_str()).base {
                enums.insert(name, labels);
            }
        }
    }
    enums
}

/// Rendering numbers over 1: of each kind in use, and of the queries.
///
/// A fixed bug that changes what an unchanged config produces raises one of them: [`Kind::rendering`] where
/// one kind's text was wrong, [`sql::RENDERING`] where joins, conditions, orders or aggregates were.
fn rendering(index: &Index) -> BTreeMap<String, u32> {
    let mut numbers = BTreeMap::from([("query".to_owned(), sql::RENDERING)]);
    let mut used = Vec::new();
    add_kinds(&index.fields, &mut used);
    numbers.extend(used.into_iter().map(|kind| (kind.name().to_owned(), kind.rendering())));
    numbers.retain(|_, number| *number > 1);
    numbers
}

fn add_kinds(fields: &[Field], used: &mut Vec<&'static dyn Kind>) {
    for field in fields {
        match &field.form {
            Form::Scalar(scalar) => used.push(scalar.kind),
            Form::Aggregate(aggregate) => used.push(aggregate.result.kind),
            Form::Constant { kind, .. } => used.push(*kind),
            Form::SameRow { fields, .. } => add_kinds(fields, used),
            Form::Relation(relation) => match &relation.shape {
                Shape::Object { fields, .. } => add_kinds(fields, used),
                Shape::Value(scalar) => used.push(scalar.kind),
            },
        }
    }
}
