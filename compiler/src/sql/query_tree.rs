//! A document as a tree of rows and nodes: what every query and every edge of an index is made from.
//!
//! A row is one table in one role; its parent is the row it was joined from, the root's row at the end. A
//! node is one query: the root, a to-many, a `has_one` that is ordered, or aggregates over one relation.

mod grow;

use std::collections::BTreeSet;

use crate::condition::Condition;
use crate::model::{Aggregate, Index, Pair, Relation, Scalar, Table};
use crate::non_empty::NonEmpty;
use crate::pg_type::PgType;

/// Place of a row in [`QueryTree::rows`].
pub(crate) type RowId = usize;

/// Place of a node in [`QueryTree::nodes`].
pub(crate) type NodeId = usize;

/// The row of the index's root table.
pub(crate) const ROOT: RowId = 0;

/// One index's rows and nodes.
pub(crate) struct QueryTree<'a> {
    /// The index whose query this is.
    pub(crate) index: &'a Index,
    /// Its rows, parents before children.
    pub(crate) rows: Vec<Row<'a>>,
    /// Its nodes, children before parents, the root last.
    pub(crate) nodes: Vec<QueryNode<'a>>,
}

/// One table in one role.
pub(crate) struct Row<'a> {
    pub(crate) table: &'a Table,
    /// The row it is joined to; none for the root.
    pub(crate) parent: Option<RowId>,
    /// Its columns with the parent's.
    pub(crate) pairs: &'a [Pair],
    /// Condition over this row's own columns.
    pub(crate) condition: Option<&'a Condition>,
    /// Condition over its parent, where it is joined by a LEFT JOIN.
    pub(crate) when: Option<&'a Condition>,
    /// Whether at most one of it joins a parent.
    pub(crate) to_one: bool,
    /// Paths of the fields it fills.
    pub(crate) roles: BTreeSet<String>,
    /// Its columns that any query reads.
    pub(crate) columns: BTreeSet<String>,
    /// First row of the node whose query reads it.
    pub(crate) first: RowId,
}

/// One query of the document.
pub(crate) struct QueryNode<'a> {
    pub(crate) path: &'a str,
    /// Rows from the parent's row to the target, nearest first; of the root its row alone.
    pub(crate) chain: NonEmpty<RowId>,
    /// Condition over the parent's row without which the node prints as if it were empty.
    pub(crate) when: Option<&'a Condition>,
    /// To-one rows, in the order they are joined.
    pub(crate) left_joins: Vec<RowId>,
    pub(crate) content: NodeContent<'a>,
}

/// What a node prints.
pub(crate) enum NodeContent<'a> {
    /// The document itself, with its fields.
    Root(Vec<Member<'a>>),
    /// Related rows as objects or values.
    Related(&'a Relation, RelationShape<'a>),
    /// Aggregates, by the keys that they fill in their object.
    Aggregates(Vec<(&'a str, &'a Aggregate)>),
}

/// What is printed of a related row.
pub(crate) enum RelationShape<'a> {
    Object(Vec<Member<'a>>),
    Value(&'a Scalar),
}

/// One member of an object.
pub(crate) struct Member<'a> {
    pub(crate) key: &'a str,
    pub(crate) part: MemberValue<'a>,
}

/// The value of a member of an object.
pub(crate) enum MemberValue<'a> {
    /// A value of a row.
    Scalar {
        row: RowId,
        scalar: &'a Scalar,
        /// Condition over the row.
        when: Option<&'a Condition>,
        /// Whether the row itself may be absent.
        may_be_absent: bool,
    },
    /// JSON that is the same for every document.
    Constant { row: RowId, token: String, when: Option<&'a Condition> },
    /// An object of this node.
    Object { presence: Presence<'a>, members: Vec<Member<'a>> },
    /// What a child node prints.
    Slot(NodeId),
    /// The members that an aggregates' node prints, without a key of its own.
    Aggregates(NodeId),
}

/// When an object is `null`.
pub(crate) enum Presence<'a> {
    Always,
    /// Where the row is absent.
    Row(RowId),
    /// Where the condition over the row does not hold.
    When(RowId, &'a Condition),
}

impl<'a> QueryTree<'a> {
    /// The tree of an index.
    pub(crate) fn new(index: &'a Index) -> Self {
        let mut tree = Self { index, rows: Vec::new(), nodes: Vec::new() };
        let mut columns: BTreeSet<String> = index.key.iter().cloned().collect();
        columns.extend(index.condition.iter().flat_map(Condition::columns));
        tree.rows.push(Row {
            table: &index.table,
            parent: None,
            pairs: &[],
            condition: index.condition.as_ref(),
            when: None,
            to_one: false,
            roles: BTreeSet::from([flusso_schemas::lock::ROOT_PATH.to_owned()]),
            columns,
            first: ROOT,
        });
        let mut left_joins = Vec::new();
        let members = tree.members(&index.fields, ROOT, &mut left_joins);
        let path = flusso_schemas::lock::ROOT_PATH;
        let content = NodeContent::Root(members);
        tree.nodes.push(QueryNode { path, chain: NonEmpty::one(ROOT), when: None, left_joins, content });
        tree
    }

    /// Type of a row's column.
    pub(crate) fn pg_type(&self, row: RowId, column: &str) -> PgType {
        let table = self.rows[row].table;
        let facts = table.column(column).expect("check has bound every column");
        PgType::of_column(facts, table.facts.enums.as_ref())
    }

    /// Whether a row's column can be null.
    pub(crate) fn is_nullable(&self, row: RowId, column: &str) -> bool {
        self.rows[row].table.column(column).is_none_or(|facts| !facts.not_null)
    }
}
