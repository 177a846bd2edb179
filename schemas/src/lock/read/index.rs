//! What must hold within an index: its nodes are one tree, its edges lead to fields, and every query can
//! be bounded by the document's key.

use std::collections::BTreeMap;

use super::super::index::{Edge, IndexPlan, Node, ROOT_PATH};
use super::item::follows;
use super::places::Places;
use super::problem::{Problem, Result};
use super::query::{QueryKind, check_query};
use crate::name::TableName;

/// Checks what the index says against its own queries, nodes and edges.
pub(in crate::lock) fn check(index: &IndexPlan, places: &Places) -> Result<()> {
    if index.fields.is_empty() {
        return Err(Problem::new(places.at, format!("`[[index]] {}` has no `fields`", index.name)));
    }
    check_query(&index.bound, QueryKind::Bound, index.key.len(), places.of("bound"))?;
    check_nodes(index, places)?;
    let mut before: Option<EdgeOrder<'_>> = None;
    for (edge, places) in index.edges.iter().zip(places.blocks("edge")) {
        check_edge(index, edge, places)?;
        let order = EdgeOrder(&edge.table, &edge.roles);
        follows(places.at, before.as_ref(), &order)?;
        before = Some(order);
    }
    if index.edges.is_empty() {
        return Err(Problem::new(places.at, format!("`[[index]] {}` has no `edge`", index.name)));
    }
    Ok(())
}

/// Children before parents, each in one slot, the root last.
fn check_nodes(index: &IndexPlan, places: &Places) -> Result<()> {
    // Nodes whose text no slot holds yet.
    let mut without_slot: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (node, places)) in index.nodes.iter().zip(places.blocks("node")).enumerate() {
        let before = &index.nodes[..at];
        if before.last().is_some_and(Node::is_root) {
            return Err(Problem::new(places.at, "a node after the root, which must be the last"));
        }
        if before.iter().any(|other| other.path == node.path) {
            return Err(Problem::new(places.of("path"), format!("duplicate node `{}`", node.path)));
        }
        check_node(index, node, places)?;
        for slot in &node.slots {
            if without_slot.remove(slot.as_str()).is_none() {
                let is_known = before.iter().any(|other| other.path == *slot);
                let what = if is_known { "is in two slots" } else { "does not come before its parent" };
                return Err(Problem::new(places.of("slots"), format!("node `{slot}` {what}")));
            }
        }
        without_slot.insert(&node.path, places.at);
    }
    if without_slot.remove(ROOT_PATH).is_none() {
        let message = format!("`[[index]] {}` has no root, the node with path `{ROOT_PATH}`", index.name);
        return Err(Problem::new(places.at, message));
    }
    match without_slot.first_key_value() {
        None => Ok(()),
        Some((path, at)) => Err(Problem::new(*at, format!("node `{path}` is in no slot"))),
    }
}

fn check_node(index: &IndexPlan, node: &Node, places: &Places) -> Result<()> {
    if node.is_root() {
        for (name, is_set) in [
            ("open", !node.open.is_empty()),
            ("separator", !node.separator.is_empty()),
            ("close", !node.close.is_empty()),
            ("empty", node.empty.is_some()),
        ] {
            if is_set {
                return Err(Problem::new(
                    places.of(name),
                    format!("`{name}` in the root, which has no groups"),
                ));
            }
        }
    } else {
        known_field(index, &node.path, places.of("path"))?;
        if node.empty.is_none() {
            return Err(Problem::new(places.at, format!("node `{}` has no `empty`", node.path)));
        }
    }
    check_query(&node.sql, QueryKind::Node, index.key.len(), places.of("sql"))
}

fn check_edge(index: &IndexPlan, edge: &Edge, places: &Places) -> Result<()> {
    if edge.roles.is_empty() {
        return Err(Problem::new(places.of("roles"), "an edge has at least one role"));
    }
    for role in edge.roles.iter().filter(|role| *role != ROOT_PATH) {
        known_field(index, field_of_role(role), places.of("roles"))?;
    }
    match &edge.resolve {
        Some(sql) => check_query(sql, QueryKind::Resolve, index.key.len(), places.of("resolve")),
        None if edge.navigation.len() != index.key.len() => Err(Problem::new(
            places.of("navigation"),
            "without `resolve` an edge navigates by the document's key, part by part",
        )),
        None => Ok(()),
    }
}

/// The field of a role: a hop of its relation adds `#` and its number.
fn field_of_role(role: &str) -> &str {
    match role.rsplit_once('#') {
        Some((field, hop)) if !hop.is_empty() && hop.bytes().all(|byte| byte.is_ascii_digit()) => field,
        _ => role,
    }
}

fn known_field(index: &IndexPlan, path: &str, at: usize) -> Result<()> {
    if index.fields.contains_key(path) {
        return Ok(());
    }
    Err(Problem::new(at, format!("no field `{path}` in `[[index]] {}`", index.name)))
}

/// What edges are sorted by, as errors call it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct EdgeOrder<'a>(&'a TableName, &'a [String]);

impl std::fmt::Display for EdgeOrder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} as {}", self.0, self.1.join(", "))
    }
}
