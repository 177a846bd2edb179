//! The order of related rows: as written, else by the value, ties broken by the key.

use crate::model::{OrderItem, Relation, Scalar, ValueSource};
use crate::non_empty::NonEmpty;
use crate::pg_type::{BaseType, PgType};

use super::fragments::column;
use super::query_tree::{NodeContent, QueryNode, QueryTree, RelationShape, RowId};

/// One item of an order.
pub(crate) struct OrderPart {
    value: ValueSource,
    descending: bool,
    nulls_first: bool,
    nullable: bool,
    pg_type: PgType,
    /// Whether it only breaks ties between rows of a table without a key.
    as_text: bool,
}

/// The order of a node's rows within a group. Distinct values need no key to break ties: equal ones are one.
pub(crate) fn order_of(tree: &QueryTree<'_>, node: &QueryNode<'_>, relation: &Relation) -> Vec<OrderPart> {
    let target = *node.chain.last();
    let mut parts: Vec<OrderPart> =
        relation.order_by.iter().map(|item| written(tree, target, item)).collect();
    if let NodeContent::Related(_, RelationShape::Value(scalar)) = &node.content {
        if parts.is_empty() && relation.verb.is_to_many() && scalar.pg_type.is_ordered() {
            parts.push(by_value(scalar));
        }
        if relation.distinct {
            return parts;
        }
    }
    let is_keyless = tree.rows[target].table.primary_key().is_none();
    for name in tie_columns(tree, &node.chain) {
        let is_there =
            |part: &OrderPart| matches!(&part.value, ValueSource::Column(column) if *column == name);
        if is_keyless || !parts.iter().any(is_there) {
            parts.push(tie(tree, target, name, is_keyless));
        }
    }
    parts
}

/// A list of values is ordered by the value; it leaves nulls out.
fn by_value(scalar: &Scalar) -> OrderPart {
    OrderPart {
        value: scalar.value.clone(),
        descending: false,
        nulls_first: false,
        nullable: false,
        pg_type: scalar.pg_type.clone(),
        as_text: false,
    }
}

fn tie(tree: &QueryTree<'_>, target: RowId, name: String, as_text: bool) -> OrderPart {
    OrderPart {
        nullable: tree.is_nullable(target, &name),
        pg_type: tree.pg_type(target, &name),
        value: ValueSource::Column(name),
        descending: false,
        nulls_first: false,
        as_text,
    }
}

/// Columns that distinguish the rows of a group: the key without what the group fixes, and without a key all
/// that is read.
pub(super) fn tie_columns(tree: &QueryTree<'_>, chain: &NonEmpty<RowId>) -> Vec<String> {
    let target = &tree.rows[*chain.last()];
    let is_fixed = |name: &str| chain.len() == 1 && target.pairs.iter().any(|pair| pair.child == name);
    match target.table.primary_key() {
        Some(key) => key.into_iter().filter(|name| !is_fixed(name)).map(str::to_owned).collect(),
        None => target.columns.iter().filter(|name| !is_fixed(name)).cloned().collect(),
    }
}

fn written(tree: &QueryTree<'_>, target: RowId, item: &OrderItem) -> OrderPart {
    let nullable = match &item.value {
        ValueSource::Column(name) => tree.is_nullable(target, name),
        ValueSource::Sql(_) => true,
    };
    OrderPart {
        value: item.value.clone(),
        descending: item.descending,
        nulls_first: item.nulls_first,
        nullable,
        pg_type: item.pg_type.clone(),
        as_text: false,
    }
}

impl OrderPart {
    /// As ORDER BY takes it.
    pub(crate) fn sql(&self, alias: &str) -> String {
        self.directed(&self.key(alias))
    }

    /// What is compared: text by code point, whatever its own collation says.
    pub(crate) fn key(&self, alias: &str) -> String {
        let expression = match &self.value {
            ValueSource::Column(name) => column(alias, name),
            ValueSource::Sql(text) => format!("({})", text.sql(alias)),
        };
        match self.pg_type.base {
            _ if self.as_text => format!("{} collate \"C\"", self.pg_type.output(&expression)),
            _ if self.pg_type.array => expression,
            BaseType::Text | BaseType::Varchar(_) | BaseType::Char => format!("{expression} collate \"C\""),
            BaseType::Citext => format!("{expression}::text collate \"C\""),
            _ => expression,
        }
    }

    /// The key of a group of rows that print the same: the one that comes first.
    pub(crate) fn grouped_key(&self, alias: &str) -> String {
        let key = self.key(alias);
        let (function, direction) = if self.descending { ("max", " desc") } else { ("min", "") };
        match self.pg_type.has_min() {
            true => format!("{function}({key})"),
            false => format!("(array_agg({key} order by {key}{direction} nulls last))[1]"),
        }
    }

    /// A key with its direction. Postgres itself puts nulls last in ascending order and first in descending.
    pub(crate) fn directed(&self, key: &str) -> String {
        let direction = if self.descending { " desc" } else { "" };
        let nulls = match (self.nullable, self.descending, self.nulls_first) {
            (true, false, true) => " nulls first",
            (true, true, false) => " nulls last",
            _ => "",
        };
        format!("{key}{direction}{nulls}")
    }

    /// As the lock's fields print it; what only parts rows without a key says nothing to a reader.
    pub(crate) fn text(&self) -> Option<String> {
        let value = match &self.value {
            ValueSource::Column(name) => flusso_schemas::name::quote_identifier(name).into_owned(),
            ValueSource::Sql(text) => text.text().to_owned(),
        };
        let direction = if self.descending { " desc" } else { "" };
        let nulls = if self.nulls_first { " nulls first" } else { "" };
        (!self.as_text).then(|| format!("{value}{direction}{nulls}"))
    }
}
