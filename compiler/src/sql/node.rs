//! The query of one node, as the lock holds it.

use flusso_schemas::lock;

use crate::model::{Relation, Verb};
use crate::pg_type::BaseType;

use super::aggregate;
use super::alias::Aliases;
use super::fragments::{query, where_clause};
use super::from::{FromClause, GroupForm, columns, condition, join, left_join, root_from, start};
use super::key;
use super::lateral;
use super::object;
use super::order::order_of;
use super::query_tree::{NodeContent, QueryNode, QueryTree, ROOT, RelationShape};
use super::segment::Segments;
use super::value;

/// A node with its query.
pub(crate) fn node(tree: &QueryTree<'_>, node: &QueryNode<'_>) -> lock::Node {
    match &node.content {
        NodeContent::Root(_) => root(tree, node),
        NodeContent::Related(relation, shape) => related(tree, node, relation, shape),
        NodeContent::Aggregates(members) => aggregate::node(tree, node, members),
    }
}

fn root(tree: &QueryTree<'_>, node: &QueryNode<'_>) -> lock::Node {
    let mut aliases = Aliases::default();
    let mut from = root_from(tree, &mut aliases);
    node.left_joins.iter().for_each(|row| left_join(tree, &mut aliases, *row, &mut from));
    from.conditions.extend(condition(tree, &mut aliases, ROOT));
    let mut selected = key::texts(tree, &columns(&aliases.of(tree, ROOT), &tree.index.key));
    let mut segments = Segments::new();
    if let NodeContent::Root(members) = &node.content {
        object::print(tree, &mut aliases, &mut segments, members);
    }
    let (printed, slots) = segments.finish();
    selected.extend(printed);
    lock::Node {
        path: node.path.to_owned(),
        open: String::new(),
        separator: String::new(),
        close: String::new(),
        empty: None,
        slots,
        sql: query(&select(&selected, &from, &[])),
    }
}

fn related(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    relation: &Relation,
    shape: &RelationShape<'_>,
) -> lock::Node {
    let needs_lateral = relation.limit.is_some()
        || relation.verb == Verb::HasOne
        || !relation.verb.is_to_many()
        || (relation.distinct && node.chain.len() > 1 && matches!(shape, RelationShape::Object(_)));
    let (lines, slots) = match shape {
        RelationShape::Value(scalar) if relation.distinct => {
            lateral::distinct_values(tree, node, relation, scalar)
        }
        _ if needs_lateral => lateral::rows(tree, node, relation, shape),
        _ => rows(tree, node, relation, shape),
    };
    let is_list = relation.verb.is_to_many();
    let empty = match shape {
        _ if is_list => "[]".to_owned(),
        RelationShape::Object(_) => "null".to_owned(),
        RelationShape::Value(scalar) => value::absent_token(scalar),
    };
    let mark = |text: &str| if is_list { text.to_owned() } else { String::new() };
    lock::Node {
        path: node.path.to_owned(),
        open: mark("["),
        separator: mark(","),
        close: mark("]"),
        empty: Some(empty),
        slots,
        sql: query(&lines),
    }
}

/// All related rows: one flat join.
fn rows(
    tree: &QueryTree<'_>,
    node: &QueryNode<'_>,
    relation: &Relation,
    shape: &RelationShape<'_>,
) -> (Vec<String>, Vec<String>) {
    let mut aliases = Aliases::default();
    let (mut from, group) = start(tree, &mut aliases, node.chain[0], GroupForm::of(tree, node));
    from.conditions.extend(condition(tree, &mut aliases, node.chain[0]));
    node.chain[1..].iter().for_each(|row| join(tree, &mut aliases, *row, &mut from));
    node.left_joins.iter().for_each(|row| left_join(tree, &mut aliases, *row, &mut from));
    let target = aliases.of(tree, *node.chain.last());
    if let RelationShape::Value(scalar) = shape {
        from.conditions.extend(value_conditions(scalar, &target));
    }
    let (printed, slots) = segments(tree, &mut aliases, shape, &target, false);
    let mut selected = vec![group.text];
    selected.extend(printed);
    let mut order = group.keys;
    order.extend(order_of(tree, node, relation).iter().map(|part| part.sql(&target)));
    let order = format!("order by {}", order.join(", "));
    (select(&selected, &from, &[order]), slots)
}

/// What is printed of a related row; `may_be_null` where a value that is null is printed, not left out.
pub(super) fn segments(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    shape: &RelationShape<'_>,
    target: &str,
    may_be_null: bool,
) -> (Vec<String>, Vec<String>) {
    let mut segments = Segments::new();
    match shape {
        RelationShape::Object(members) => object::print(tree, aliases, &mut segments, members),
        RelationShape::Value(scalar) => {
            let expression = value::expression(&scalar.value, target);
            segments.value(value::token(scalar, &expression, may_be_null && scalar.nullable));
        }
    }
    segments.finish()
}

/// A list of values leaves nulls out, those too that only JSON has none for.
pub(super) fn value_conditions(scalar: &crate::model::Scalar, target: &str) -> Vec<String> {
    let expression = value::expression(&scalar.value, target);
    let mut conditions = Vec::new();
    if value::may_print_null(scalar) {
        conditions.push(format!("{} <> 'null'", value::token(scalar, &expression, false).sql));
    } else if scalar.nullable && scalar.pg_type.base == BaseType::Composite {
        // `is not null` is false for a row with one null in it.
        conditions.push(format!("{expression} is distinct from null"));
    } else if scalar.nullable {
        conditions.push(format!("{expression} is not null"));
    }
    conditions
}

/// The whole query, one column a line.
pub(super) fn select(selected: &[String], from: &FromClause, after: &[String]) -> Vec<String> {
    let mut lines = vec![format!("select {}", selected.join(",\n  "))];
    lines.extend(from.lines.iter().cloned());
    lines.extend(where_clause(&from.conditions));
    lines.extend(after.iter().cloned());
    lines
}
