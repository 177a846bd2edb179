//! Relations and aggregates as they are written: verb, target, join, order.

use flusso_schemas::name::TableName;

use super::condition::{self, Conditions};
use super::field::Context;
use super::index::column;
use super::keys::{At, Keys, Reader};
use super::tree::{Content, Entry, Mapping, Node};
use flusso_lints::words::listed;
use flusso_lints::{missing_key, missing_value, through_names_target, unknown_column, wrong_type};

use crate::grammar::field::{self as grammar, DIRECTIONS};
use crate::model::{Function, Verb};

/// From this row to the rows of another table.
#[derive(Clone, Debug)]
pub struct Path {
    /// The target, where it could be read.
    pub target: At<TableName>,
    /// Columns that join the target, where they are written.
    pub via: Option<Via>,
    /// Hops between this row's table and the target, nearest first.
    pub through: Vec<Hop>,
    /// Condition over the target's rows.
    pub conditions: Option<Conditions>,
}

/// A table between a row and its related rows.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The table that the hop joins.
    pub table: At<TableName>,
    /// Columns that join it to the one before, where they are written.
    pub via: Option<Via>,
    /// Condition over its rows.
    pub conditions: Option<Conditions>,
}

/// A join as it is written.
#[derive(Clone, Debug)]
pub enum Via {
    /// Columns of one side.
    Columns(Vec<At<String>>),
    /// `{ referring: referred }`
    Pairs(Vec<(At<String>, At<String>)>),
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A column of the row.
    Column(At<String>),
    /// An SQL expression over the row.
    Sql(At<String>),
}

/// One item of `order_by`.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is ordered by.
    pub source: Source,
    /// Whether the largest value comes first.
    pub descending: bool,
    /// Whether nulls come first; last if not written.
    pub nulls_first: bool,
}

/// The verbs of relations.
pub const VERBS: [(&str, Verb); 4] = [
    ("belongs_to", Verb::BelongsTo),
    ("has_many", Verb::HasMany),
    ("has_one", Verb::HasOne),
    ("many_to_many", Verb::ManyToMany),
];

/// Keys that head an aggregate.
pub const FUNCTIONS: [(&str, Function); 6] = [
    ("avg", Function::Avg),
    ("count", Function::Count),
    ("exists", Function::Exists),
    ("max", Function::Max),
    ("min", Function::Min),
    ("sum", Function::Sum),
];

/// Reads the path of a relation or an aggregate whose head is `head`.
pub fn path(reader: &mut Reader, keys: &Keys<'_>, head: &Entry, context: &Context<'_>) -> Option<Path> {
    let target = reader.table(&head.key, &head.value, context.schema);
    let via = keys.get("via").and_then(|entry| via(reader, entry));
    let through = keys.get("through").map(|entry| hops(reader, entry, context)).unwrap_or_default();
    let conditions = keys.get("where").and_then(|entry| condition::read(reader, entry));
    let target = target?;
    if let (Some(last), Some(entry)) = (through.last(), keys.get("through"))
        && last.table.value == target.value
        && !matches!(entry.value.content, Content::Scalar { .. })
    {
        let (first, place) = (target.place.clone(), last.table.place.clone());
        reader.push(through_names_target::finding(target.value.name.as_str(), first, place));
        return None;
    }
    Some(Path { target, via, through, conditions })
}

fn via(reader: &mut Reader, entry: &Entry) -> Option<Via> {
    match &entry.value.content {
        Content::Map(mapping) if mapping.entries.is_empty() => {
            let place = reader.place(&entry.value.span);
            reader.push(missing_value::no_columns(place));
            None
        }
        Content::Map(mapping) => Some(Via::Pairs(pairs(reader, mapping))),
        _ => {
            let columns = reader.columns("via", &entry.value);
            (!columns.is_empty()).then_some(Via::Columns(columns))
        }
    }
}

fn pairs(reader: &mut Reader, mapping: &Mapping) -> Vec<(At<String>, At<String>)> {
    let pair = |entry: &Entry| {
        let referring = column(&entry.key, reader.place(&entry.key_span));
        let referred = reader.text(&entry.key, &entry.value)?;
        Some((referring, column(&referred.value, referred.place)))
    };
    mapping.entries.iter().filter_map(pair).collect()
}

fn hops(reader: &mut Reader, entry: &Entry, context: &Context<'_>) -> Vec<Hop> {
    let items = reader.items("through", &entry.value);
    items.iter().filter_map(|item| hop(reader, item, context)).collect()
}

fn hop(reader: &mut Reader, node: &Node, context: &Context<'_>) -> Option<Hop> {
    let Content::Map(mapping) = &node.content else {
        let table = reader.table("through", node, context.schema)?;
        return Some(Hop { table, via: None, conditions: None });
    };
    let keys = Keys::new(mapping, &grammar::HOP);
    let table = keys.get("table").and_then(|entry| reader.table("table", &entry.value, context.schema));
    if !keys.has("table") {
        let place = reader.place(&node.span);
        reader.push(missing_key::hop_table(place));
    }
    let via = keys.get("via").and_then(|entry| via(reader, entry));
    let conditions = keys.get("where").and_then(|entry| condition::read(reader, entry));
    keys.finish(reader);
    Some(Hop { table: table?, via, conditions })
}

/// A column or `{ sql: … }`.
pub fn source(reader: &mut Reader, key: &str, node: &Node) -> Option<Source> {
    let Content::Map(mapping) = &node.content else {
        let text = reader.text(key, node)?;
        return Some(Source::Column(column(&text.value, text.place)));
    };
    let keys = Keys::new(mapping, &grammar::EXPRESSION);
    let sql = keys.text(reader, "sql");
    if !keys.has("sql") {
        let place = reader.place(&node.span);
        reader.push(missing_key::sql(key, place));
    }
    keys.finish(reader);
    sql.map(Source::Sql)
}

/// Reads `order_by`, without items that are wrong.
pub fn order_by(reader: &mut Reader, entry: &Entry) -> Vec<Order> {
    let items = reader.items("order_by", &entry.value);
    items.iter().filter_map(|item| order(reader, item)).collect()
}

fn order(reader: &mut Reader, node: &Node) -> Option<Order> {
    let Content::Map(mapping) = &node.content else {
        return plain_order(reader, node);
    };
    let [entry] = mapping.entries.as_slice() else {
        let place = reader.place(&node.span);
        reader.push(wrong_type::several_columns_in_item(place));
        return None;
    };
    if entry.key == "sql" && !matches!(entry.value.content, Content::Map(_)) {
        let sql = reader.text("sql", &entry.value)?;
        return Some(Order { source: Source::Sql(sql), descending: false, nulls_first: false });
    }
    let source = Source::Column(column(&entry.key, reader.place(&entry.key_span)));
    let Content::Map(mapping) = &entry.value.content else {
        let descending = reader.word(&entry.key, &entry.value, &DIRECTIONS)?.value;
        return Some(Order { source, descending, nulls_first: false });
    };
    let keys = Keys::new(mapping, &grammar::ORDER);
    let order = keys.meaning(reader, "order", &DIRECTIONS);
    let nulls = keys.meaning(reader, "nulls", &grammar::NULLS);
    keys.finish(reader);
    Some(Order { source, descending: order.unwrap_or_default(), nulls_first: nulls.unwrap_or_default() })
}

/// A column alone; `created_at desc` is what SQL would say.
fn plain_order(reader: &mut Reader, node: &Node) -> Option<Order> {
    let text = reader.text("order_by", node)?;
    if let Some((name, word)) = text.value.split_once(' ') {
        let word = word.trim().to_lowercase();
        if let Some((direction, _)) = DIRECTIONS.iter().find(|(direction, _)| *direction == word) {
            let found = unknown_column::with_direction(&text.value, name, direction, text.place);
            reader.push(found);
            return None;
        }
    }
    let source = Source::Column(column(&text.value, text.place));
    Some(Order { source, descending: false, nulls_first: false })
}

/// The heads of fields, for messages.
pub fn heads() -> String {
    let verbs: Vec<&str> = VERBS.iter().map(|(name, _)| *name).collect();
    listed(&verbs, "or")
}
