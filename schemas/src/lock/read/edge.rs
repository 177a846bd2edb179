//! Reads `[[index.edge]]`.

use std::collections::BTreeMap;

use super::super::index::{Edge, FieldPlan, ROOT_PATH};
use super::index::known_field;
use super::item::{Item, follows};
use super::problem::{Problem, Result};
use super::query::{Place, query};
use super::surroundings::Surroundings;
use crate::name::{Ident, TableName};

/// Every edge of an index.
pub(super) fn edges(
    item: Item<'_>,
    fields: &BTreeMap<String, FieldPlan>,
    key_parts: usize,
    around: &mut Surroundings,
) -> Result<Vec<Edge>> {
    let mut edges: Vec<Edge> = Vec::new();
    for item in item.list()? {
        let at = item.at;
        let edge = edge(item, fields, key_parts, around)?;
        follows(at, edges.last().map(name).as_ref(), &name(&edge))?;
        around.navigates(&edge);
        edges.push(edge);
    }
    Ok(edges)
}

/// What an edge is sorted by, as errors call it.
fn name(edge: &Edge) -> Sorted {
    Sorted(edge.table.clone(), edge.roles.clone())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sorted(TableName, Vec<String>);

impl std::fmt::Display for Sorted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} as {}", self.0, self.1.join(", "))
    }
}

fn edge(
    item: Item<'_>,
    fields: &BTreeMap<String, FieldPlan>,
    key_parts: usize,
    around: &mut Surroundings,
) -> Result<Edge> {
    let mut keys = item.table("`[[index.edge]]`")?;
    let table = around.table(keys.required("table")?)?;
    keys.rename(format!("the edge of `{table}`"));
    let roles = roles(keys.required("roles")?, fields)?;
    let resolve = keys.optional("resolve").map(|item| query(item, Place::Resolve, key_parts)).transpose()?;
    let navigation = navigation(keys.required("navigation")?, resolve.is_none().then_some(key_parts))?;
    let columns = keys.required("columns")?.map(|item| {
        let column: Ident = item.parsed_name()?;
        let at = item.at;
        let facts = item.string()?;
        around.fact(&table, &column, at, &facts)?;
        Ok((column, facts))
    })?;
    keys.finish()?;
    Ok(Edge { table, roles, navigation, resolve, columns })
}

fn roles(item: Item<'_>, fields: &BTreeMap<String, FieldPlan>) -> Result<Vec<String>> {
    let at = item.at;
    let roles = item.sorted(|item| {
        let role = item.copy_string()?;
        if role != ROOT_PATH {
            known_field(&item, field_of_role(&role), fields)?;
        }
        Ok(role)
    })?;
    if roles.is_empty() {
        return Err(Problem::new(at, "an edge has at least one role"));
    }
    Ok(roles)
}

/// The field of a role: a hop of its relation adds `#` and its number.
fn field_of_role(role: &str) -> &str {
    match role.rsplit_once('#') {
        Some((field, hop)) if !hop.is_empty() && hop.bytes().all(|byte| byte.is_ascii_digit()) => field,
        _ => role,
    }
}

/// Columns; without a resolve query they are the document's key.
fn navigation(item: Item<'_>, parts: Option<usize>) -> Result<Vec<Ident>> {
    let at = item.at;
    let columns: Vec<Ident> = item.list_of(Item::parsed)?;
    match parts {
        _ if columns.is_empty() => Err(Problem::new(at, "an edge navigates by at least one column")),
        Some(parts) if parts != columns.len() => {
            Err(Problem::new(at, "without `resolve` an edge navigates by the document's key, part by part"))
        }
        _ => Ok(columns),
    }
}
