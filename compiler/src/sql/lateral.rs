//! Related rows that are limited or made distinct per group: a limit, a `has_one`, `distinct`.

use crate::model::{Relation, Scalar};

use super::alias::Aliases;
use super::fragments::{indented, where_clause};
use super::from::{
    FromClause, GroupForm, columns, condition, equal, join, lateral_parents, left_join, parent_names, start,
    table,
};
use super::node::{segments, select, value_conditions};
use super::order::{OrderPart, order_of};
use super::query_tree::{QueryNode, QueryTree, RelationShape};
use super::value;

/// What a query is: its lines, and the paths of its slots.
type Query = (Vec<String>, Vec<String>);

/// Rows, limited to the first ones of each group.
pub(super) fn rows(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    relation: &Relation,
    shape: &RelationShape<'_>,
) -> Query {
    let mut aliases = Aliases::default();
    let form = GroupForm::of(tree, node);
    let (mut from, group) = lateral_parents(tree, &mut aliases, node.chain[0], form);
    let target_row = *node.chain.last();
    let order = order_of(tree, node, relation);
    let mut inner = if relation.distinct && node.chain.len() > 1 {
        semijoin(tree, &mut aliases, node)
    } else {
        path(tree, &mut aliases, node)
    };
    let target = aliases.of(tree, target_row);
    if let (RelationShape::Value(scalar), true) = (shape, relation.verb.is_to_many()) {
        inner.conditions.extend(value_conditions(scalar, &target));
    }
    let keys: Vec<String> = order.iter().map(|part| part.sql(&target)).collect();
    let read = columns(&target, &tree.rows[target_row].columns);
    let mut query = vec![format!("select {}", read.join(", "))];
    query.extend(inner.lines);
    query.extend(where_clause(&inner.conditions));
    if !keys.is_empty() {
        query.push(format!("order by {}", keys.join(", ")));
    }
    query.extend(limit(relation).map(|most| format!("limit {most}")));
    push_lateral(&mut from, &query, &target);
    node.left_joins.iter().for_each(|row| left_join(tree, &mut aliases, *row, &mut from));
    let (printed, slots) = segments(tree, &mut aliases, shape, &target, !relation.verb.is_to_many());
    let mut selected = vec![group.text];
    selected.extend(printed);
    let mut outer = group.keys;
    outer.extend(keys);
    (select(&selected, &from, &[format!("order by {}", outer.join(", "))]), slots)
}

/// Values that occur once a group, compared by the text that is indexed.
pub(super) fn distinct_values(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    relation: &Relation,
    scalar: &Scalar,
) -> Query {
    let order = order_of(tree, node, relation);
    let lines = match relation.limit {
        None => grouped_values(tree, node, scalar, &order),
        Some(most) => limited_values(tree, node, scalar, &order, most),
    };
    (lines, Vec::new())
}

fn grouped_values(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    scalar: &Scalar,
    order: &[OrderPart],
) -> Vec<String> {
    let mut aliases = Aliases::default();
    let (mut from, group) = start(tree, &mut aliases, node.chain[0], GroupForm::of(tree, node));
    from.conditions.extend(condition(tree, &mut aliases, node.chain[0]));
    node.chain[1..].iter().for_each(|row| join(tree, &mut aliases, *row, &mut from));
    let target = aliases.of(tree, *node.chain.last());
    from.conditions.extend(value_conditions(scalar, &target));
    let printed = printed_value(scalar, &target);
    let mut keys = group.keys.clone();
    keys.extend(order.iter().map(|part| part.directed(&part.grouped_key(&target))));
    keys.push(format!("{} collate \"C\"", in_parentheses(&printed)));
    let grouped = format!("group by {}, {printed}", group.keys.join(", "));
    select(&[group.text, printed], &from, &[grouped, format!("order by {}", keys.join(", "))])
}

fn limited_values(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    scalar: &Scalar,
    order: &[OrderPart],
    most: u64,
) -> Vec<String> {
    let mut aliases = Aliases::default();
    let (mut from, group) = lateral_parents(tree, &mut aliases, node.chain[0], GroupForm::of(tree, node));
    let mut inner = path(tree, &mut aliases, node);
    let target = aliases.of(tree, *node.chain.last());
    inner.conditions.extend(value_conditions(scalar, &target));
    let printed = printed_value(scalar, &target);
    let mut read = vec![format!("{printed} as v")];
    let mut inner_keys = Vec::new();
    let mut outer_keys = group.keys;
    for (place, part) in order.iter().enumerate() {
        let key = part.grouped_key(&target);
        read.push(format!("{key} as o{}", place + 1));
        inner_keys.push(part.directed(&key));
        outer_keys.push(part.directed(&format!("{target}.o{}", place + 1)));
    }
    inner_keys.push(format!("{} collate \"C\"", in_parentheses(&printed)));
    outer_keys.push(format!("{target}.v collate \"C\""));
    let mut query = vec![format!("select {}", read.join(", "))];
    query.extend(inner.lines);
    query.extend(where_clause(&inner.conditions));
    query.push(format!("group by {printed}"));
    query.push(format!("order by {}", inner_keys.join(", ")));
    query.push(format!("limit {most}"));
    push_lateral(&mut from, &query, &target);
    select(&[group.text, format!("{target}.v")], &from, &[format!("order by {}", outer_keys.join(", "))])
}

fn printed_value(scalar: &Scalar, target: &str) -> String {
    let expression = value::expression(&scalar.value, target);
    value::as_text(&value::token(scalar, &expression, false))
}

fn in_parentheses(sql: &str) -> String {
    format!("({sql})")
}

/// Most rows that a group keeps.
fn limit(relation: &Relation) -> Option<u64> {
    if relation.verb.is_to_many() { relation.limit } else { Some(1) }
}

fn push_lateral(from: &mut FromClause, query: &[String], alias: &str) {
    from.lines.push("cross join lateral (".to_owned());
    from.lines.extend(indented(query));
    from.lines.push(format!(") {alias}"));
}

/// The path within a lateral, hanging on the parents by its first row's columns.
fn path(tree: &QueryTree<'_>, aliases: &mut Aliases, node: &QueryNode<'_>) -> FromClause {
    let mut from = first_row(tree, aliases, node);
    node.chain[1..].iter().for_each(|row| join(tree, aliases, *row, &mut from));
    from
}

fn first_row(tree: &QueryTree<'_>, aliases: &mut Aliases, node: &QueryNode<'_>) -> FromClause {
    let first = node.chain[0];
    let lines = vec![format!("from {}", table(tree, aliases, first))];
    let own = columns(&aliases.of(tree, first), tree.rows[first].pairs.iter().map(|pair| &pair.child));
    let mut conditions = vec![equal(&own, &parent_names(own.len()))];
    conditions.extend(condition(tree, aliases, first));
    FromClause { lines, conditions }
}

/// Each target once, however many hops lead to it.
fn semijoin(tree: &QueryTree<'_>, aliases: &mut Aliases, node: &QueryNode<'_>) -> FromClause {
    let (target, hops) = node.chain.split_last();
    let pairs = tree.rows[*target].pairs;
    let lines = vec![format!("from {}", table(tree, aliases, *target))];
    let mut inner = first_row(tree, aliases, node);
    hops[1..].iter().for_each(|row| join(tree, aliases, *row, &mut inner));
    let last_hop = aliases.of(tree, *hops.last().expect("there is at least one hop"));
    let read = columns(&last_hop, pairs.iter().map(|pair| &pair.parent));
    let own = columns(&aliases.of(tree, *target), pairs.iter().map(|pair| &pair.child));
    let mut query = vec![format!("select {}", read.join(", "))];
    query.extend(inner.lines);
    query.extend(where_clause(&inner.conditions));
    let own = if own.len() == 1 { own.concat() } else { format!("({})", own.join(", ")) };
    let mut conditions = vec![format!("{own} in ({})", query.join(" "))];
    conditions.extend(condition(tree, aliases, *target));
    FromClause { lines, conditions }
}
