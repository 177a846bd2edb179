//! Reads `[[index.node]]`: together they are one tree, children before parents, the root last.

use std::collections::BTreeMap;

use super::super::index::{FieldPlan, Node, ROOT_PATH};
use super::index::known_field;
use super::item::Item;
use super::problem::{Problem, Result};
use super::query::{Place, query};

/// The nodes that no slot holds yet, and where they stand.
type Open = BTreeMap<String, usize>;

/// Every node of an index.
pub(super) fn nodes(
    item: Item<'_>,
    fields: &BTreeMap<String, FieldPlan>,
    key_parts: usize,
) -> Result<Vec<Node>> {
    let list_at = item.at;
    let mut nodes: Vec<Node> = Vec::new();
    let mut open = Open::new();
    for item in item.list()? {
        let at = item.at;
        if nodes.last().is_some_and(Node::is_root) {
            return Err(Problem::new(at, "a node stands after the root, which is the last"));
        }
        let node = node(item, &nodes, fields, key_parts, &mut open)?;
        open.insert(node.path.clone(), at);
        nodes.push(node);
    }
    if open.remove(ROOT_PATH).is_none() {
        return Err(Problem::new(list_at, format!("there is no root, the node with path `{ROOT_PATH}`")));
    }
    match open.first_key_value() {
        None => Ok(nodes),
        Some((path, at)) => Err(Problem::new(*at, format!("node `{path}` stands in no slot"))),
    }
}

fn node(
    item: Item<'_>,
    before: &[Node],
    fields: &BTreeMap<String, FieldPlan>,
    key_parts: usize,
    open: &mut Open,
) -> Result<Node> {
    let mut keys = item.table("`[[index.node]]`")?;
    let path_item = keys.required("path")?;
    let path = path_item.copy_string()?;
    keys.rename(format!("node `{path}`"));
    let is_root = path == ROOT_PATH;
    if !is_root {
        known_field(&path_item, &path, fields)?;
    }
    if before.iter().any(|node| node.path == path) {
        return Err(path_item.problem(format!("node `{path}` stands twice")));
    }
    let mut fixed_text = |name: &str| if is_root { Ok(String::new()) } else { keys.required(name)?.string() };
    let (opening, separator, close) = (fixed_text("open")?, fixed_text("separator")?, fixed_text("close")?);
    let empty = if is_root { None } else { Some(keys.required("empty")?.string()?) };
    let slots = keys.required("slots")?.list_of(|item| slot(item, before, open))?;
    let sql = query(keys.required("sql")?, Place::Node, key_parts)?;
    keys.finish()?;
    Ok(Node { path, open: opening, separator, close, empty, slots, sql })
}

fn slot(item: Item<'_>, before: &[Node], open: &mut Open) -> Result<String> {
    let at = item.at;
    let path = item.string()?;
    if open.remove(&path).is_some() {
        return Ok(path);
    }
    let known = before.iter().any(|node| node.path == path);
    let what = if known { "stands in two slots" } else { "does not stand before the node with its slot" };
    Err(Problem::new(at, format!("node `{path}` {what}")))
}
