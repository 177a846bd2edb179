//! Aggregates over one relation: one row a group, and nothing for an empty one.

use flusso_schemas::lock;
use serde_json::Value;

use crate::model::{Aggregate, Function, ValueSource};
use crate::pg_type::{BaseType, PgType};

use super::alias::Aliases;
use super::fragments::{column, query};
use super::from::{GroupForm, condition, join, start};
use super::node::select;
use super::query_tree::{QueryNode, QueryTree, RowId};
use super::segment::Segments;
use super::value;

/// The node of aggregates over the same rows.
pub(super) fn node(tree: &QueryTree<'_>, node: &QueryNode<'_>, members: &[(&str, &Aggregate)]) -> lock::Node {
    let mut aliases = Aliases::default();
    let (mut from, group) = start(tree, &mut aliases, node.chain[0], GroupForm::of(tree, node));
    from.conditions.extend(condition(tree, &mut aliases, node.chain[0]));
    node.chain[1..].iter().for_each(|row| join(tree, &mut aliases, *row, &mut from));
    let target = *node.chain.last();
    let alias = aliases.of(tree, target);
    let mut segments = Segments::new();
    for (place, (key, aggregate)) in members.iter().enumerate() {
        segments.field(&member_key(place, key));
        match aggregate.function {
            Function::Exists => segments.literal("true"),
            _ => {
                let call = call(tree, target, &alias, aggregate);
                let nullable = aggregate.function != Function::Count;
                segments.value(value::token(&aggregate.result, &call, nullable));
            }
        }
    }
    let (printed, slots) = segments.finish();
    let mut selected = vec![group.text];
    selected.extend(printed);
    let grouped = format!("group by {}", group.keys.join(", "));
    lock::Node {
        path: node.path.to_owned(),
        open: String::new(),
        separator: String::new(),
        close: String::new(),
        empty: Some(empty(members)),
        slots,
        sql: query(&select(&selected, &from, &[grouped])),
    }
}

fn member_key(place: usize, key: &str) -> String {
    format!("{}{}:", if place == 0 { "" } else { "," }, Value::from(key))
}

/// The members over no row at all.
fn empty(members: &[(&str, &Aggregate)]) -> String {
    let member = |(place, (key, aggregate)): (usize, &(&str, &Aggregate))| {
        let token = match aggregate.function {
            Function::Count => "0".to_owned(),
            Function::Exists => "false".to_owned(),
            _ => value::absent_token(&aggregate.result),
        };
        format!("{}{token}", member_key(place, key))
    };
    members.iter().enumerate().map(member).collect()
}

fn call(tree: &QueryTree<'_>, target: RowId, alias: &str, aggregate: &Aggregate) -> String {
    let distinct = if aggregate.distinct { "distinct " } else { "" };
    match &aggregate.of {
        Some(of) if aggregate.function == Function::Count => {
            format!("count({distinct}{})", argument(of, alias))
        }
        Some(of) => over(aggregate, of, alias),
        None if aggregate.distinct => format!("count(distinct {})", row_identity(tree, target, alias)),
        None => "count(*)".to_owned(),
    }
}

/// What is read of a row, as the whole argument of a function.
fn argument(of: &ValueSource, alias: &str) -> String {
    match of {
        ValueSource::Column(name) => column(alias, name),
        ValueSource::Sql(text) => text.sql(alias),
    }
}

/// The aggregate over what it reads of each row.
///
/// Sums and averages are exact: those of binary numbers overflow, and depend on the order in which the rows
/// come, so that two documents of the same rows could differ.
fn over(aggregate: &Aggregate, of: &ValueSource, alias: &str) -> String {
    use BaseType as B;
    let function = aggregate.function.name();
    let pg_type = &aggregate.result.pg_type;
    let x = value::expression(of, alias);
    match (aggregate.function, &pg_type.base) {
        (Function::Min | Function::Max, _) if pg_type.is_collated() => {
            format!("{function}({x} collate \"C\")")
        }
        (Function::Min | Function::Max, _) if pg_type.has_equal_texts() => first_text(function, pg_type, &x),
        (Function::Sum | Function::Avg, B::Real | B::Double) => format!("{function}({x}::text::numeric)"),
        (Function::Sum, B::Money) => format!("sum({x}::numeric)"),
        (Function::Sum, B::Interval) => sum_of_intervals(&x),
        (Function::Avg, B::Interval) => format!("({} / count({x}))", sum_of_intervals(&x)),
        _ => format!("{function}({})", argument(of, alias)),
    }
}

/// The least or greatest value, and of equal ones the one whose text comes first: which of them `min` and
/// `max` give depends on the order in which the rows come.
fn first_text(function: &str, pg_type: &PgType, x: &str) -> String {
    if matches!(pg_type.base, BaseType::Real | BaseType::Double) && !pg_type.array {
        // Zeros alone are equal and print unlike, so nothing has to be sorted.
        let zero = format!(
            "case when bool_or({x} = 0 and {text} = '-0') then '-0' else '0' end",
            text = pg_type.output(x)
        );
        return format!(
            "(case when {function}({x}) = 0 then ({zero})::{} else {function}({x}) end)",
            pg_type.cast_name()
        );
    }
    let direction = if function == "max" { " desc" } else { "" };
    let text = pg_type.output(x);
    let order = format!("order by {x}{direction}, {text} collate \"C\"");
    match pg_type.array {
        // An array of arrays has no arrays for elements.
        true => format!(
            "((array_agg({text} {order}) filter (where {x} is not null))[1])::{}",
            pg_type.cast_name()
        ),
        false => format!("((array_agg({x} {order}) filter (where {x} is not null))[1])"),
    }
}

/// The sum of intervals, part by part as Postgres has it, and NULL where no interval is as long. Hours are counted by
/// `div`: the quotient of `/` is rounded, so that 35,999,999 h 59 min 59.999998 s had 36,000,000 hours.
fn sum_of_intervals(x: &str) -> String {
    let months = format!("sum(extract(year from {x}) * 12 + extract(month from {x}))");
    let days = format!("sum(extract(day from {x}))");
    let seconds = format!(
        "sum(extract(hour from {x}) * 3600 + extract(minute from {x}) * 60 + extract(second from {x}))"
    );
    format!(
        "(case when abs({months}) < 2147483648 and abs({days}) < 2147483648 and abs({seconds}) < 2147483648::numeric * 3600 \
         then make_interval(months => {months}::integer, days => {days}::integer, \
         hours => div({seconds}, 3600)::integer, secs => ({seconds} % 3600)::double precision) end)"
    )
}

/// What distinguishes the rows of a table: its key, otherwise `ctid`.
fn row_identity(tree: &QueryTree<'_>, target: RowId, alias: &str) -> String {
    let key = tree.rows[target].table.primary_key().unwrap_or_default();
    let columns: Vec<String> = key.iter().map(|name| column(alias, name)).collect();
    match columns.as_slice() {
        [] => format!("{alias}.ctid"),
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    }
}
