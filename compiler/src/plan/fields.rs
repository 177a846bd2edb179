//! The normalised model: one line a field, with every inference spelled out.

use std::collections::BTreeMap;

use flusso_schemas::lock::{FieldPlan, FieldSource, JoinPair};
use flusso_schemas::name::{Ident, quote_identifier};
use serde_json::Value;

use crate::model::{Aggregate, Field, Form, Join, Relation, Scalar, Shape, ValueSource};
use crate::non_empty::NonEmpty;
use crate::sql::{NodeContent, OrderPart, QueryNode, QueryTree, order_of};

/// The fields of an index by their paths.
pub(super) fn fields(tree: &QueryTree<'_>) -> BTreeMap<String, FieldPlan> {
    let mut plans = BTreeMap::new();
    add(tree, &tree.index.fields, &mut plans);
    plans
}

fn add(tree: &QueryTree<'_>, fields: &[Field], plans: &mut BTreeMap<String, FieldPlan>) {
    for field in fields {
        let mut plan = match &field.form {
            Form::Scalar(scalar) => scalar_plan(scalar, source(&scalar.value)),
            Form::Constant { value, kind, parameters, .. } => {
                bare(kind.name(), parameters.clone(), FieldSource::Constant(value.clone()))
            }
            Form::SameRow { .. } => bare("object", BTreeMap::new(), FieldSource::SameRow),
            Form::Relation(relation) => relation_plan(tree, field, relation),
            Form::Aggregate(aggregate) => aggregate_plan(aggregate),
        };
        plan.when = field.when.as_ref().map(crate::condition::Condition::text);
        plans.insert(field.path.clone(), plan);
        match &field.form {
            Form::SameRow { fields, .. } => add(tree, fields, plans),
            Form::Relation(Relation { shape: Shape::Object { fields, .. }, .. }) => add(tree, fields, plans),
            _ => {}
        }
    }
}

/// A field with nothing set but these.
fn bare(kind: &str, parameters: BTreeMap<String, Value>, source: FieldSource) -> FieldPlan {
    FieldPlan {
        kind: kind.to_owned(),
        parameters,
        source,
        through: Vec::new(),
        join: Vec::new(),
        where_: None,
        when: None,
        of: None,
        value: None,
        distinct: false,
        order_by: Vec::new(),
        limit: None,
        default: None,
        required: false,
    }
}

fn scalar_plan(scalar: &Scalar, source: FieldSource) -> FieldPlan {
    FieldPlan {
        default: scalar.default.clone(),
        required: scalar.required,
        ..bare(scalar.kind.name(), scalar.parameters.clone(), source)
    }
}

fn source(value: &ValueSource) -> FieldSource {
    match value {
        ValueSource::Column(column) => FieldSource::Column(Ident::new(column)),
        ValueSource::Sql(text) => FieldSource::Sql(text.text().to_owned()),
    }
}

fn value_text(value: &ValueSource) -> String {
    match value {
        ValueSource::Column(column) => quote_identifier(column).into_owned(),
        ValueSource::Sql(text) => text.text().to_owned(),
    }
}

fn relation_plan(tree: &QueryTree<'_>, field: &Field, relation: &Relation) -> FieldPlan {
    let table = relation.target().name.clone();
    let source = FieldSource::Related { verb: relation.verb.name().to_owned(), table };
    let plan = match &relation.shape {
        Shape::Value(scalar) => {
            FieldPlan { value: Some(value_text(&scalar.value)), ..scalar_plan(scalar, source) }
        }
        Shape::Object { nested, .. } => {
            bare(if *nested { "nested" } else { "object" }, BTreeMap::new(), source)
        }
    };
    FieldPlan {
        distinct: relation.distinct,
        order_by: order(tree, field, relation),
        limit: relation.limit,
        required: relation.required || plan.required,
        ..with_path(plan, &relation.path)
    }
}

/// The order that the relation's node has; a to-one without a node has none.
fn order(tree: &QueryTree<'_>, field: &Field, relation: &Relation) -> Vec<String> {
    let is_its =
        |node: &&QueryNode<'_>| node.path == field.path && matches!(node.content, NodeContent::Related(..));
    let parts = tree.nodes.iter().find(is_its).map(|node| order_of(tree, node, relation));
    parts.iter().flatten().filter_map(OrderPart::text).collect()
}

fn aggregate_plan(aggregate: &Aggregate) -> FieldPlan {
    let table = aggregate.path.last().table.name.clone();
    let source = FieldSource::Related { verb: aggregate.function.name().to_owned(), table };
    let plan = FieldPlan {
        of: aggregate.of.as_ref().map(value_text),
        distinct: aggregate.distinct,
        ..scalar_plan(&aggregate.result, source)
    };
    with_path(plan, &aggregate.path)
}

/// The hops, the joins in their order, and the conditions on their rows.
fn with_path(plan: FieldPlan, path: &NonEmpty<Join>) -> FieldPlan {
    let (target, hops) = path.split_last();
    let names = hop_names(hops);
    let mut join = Vec::new();
    for (place, step) in path.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| &names[before]);
        for pair in &step.pairs {
            let child = qualified(names.get(place), &pair.child);
            join.push(JoinPair { child, parent: qualified(before, &pair.parent) });
        }
    }
    let hop_conditions = hops.iter().zip(&names).filter_map(|(hop, name)| {
        Some(format!("{}: {}", quote_identifier(name), hop.condition.as_ref()?.text()))
    });
    let conditions: Vec<String> =
        hop_conditions.chain(target.condition.iter().map(crate::condition::Condition::text)).collect();
    FieldPlan {
        through: hops.iter().map(|hop| hop.table.name.clone()).collect(),
        join,
        where_: (!conditions.is_empty()).then(|| conditions.join("; ")),
        ..plan
    }
}

/// Names of hops in joins: the table's, numbered where it comes again.
fn hop_names(hops: &[Join]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for hop in hops {
        let name = hop.table.name.name.as_str().to_owned();
        let numbered = (2..).map(|number: u32| format!("{name}#{number}"));
        let free = [name.clone()].into_iter().chain(numbered).find(|name| !names.contains(name));
        names.push(free.expect("numbers do not end"));
    }
    names
}

fn qualified(hop: Option<&String>, column: &str) -> String {
    let column = quote_identifier(column);
    hop.map_or_else(|| column.to_string(), |hop| format!("{}.{column}", quote_identifier(hop)))
}
