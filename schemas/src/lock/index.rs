//! The lock's `[[index]]` block: one index, its body, its queries and its edges.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Acceptance;
use super::settings;
use crate::name::{Ident, TableName};

/// Path of the root node.
pub const ROOT_PATH: &str = ".";

/// One `[[index]]`. Hashes but `inputs` are not fields: they follow from the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexPlan {
    /// Its name in the project.
    pub name: String,
    /// The alias that applications query, without the sink's prefix.
    pub alias: String,
    /// Names of the sinks it goes to, sorted.
    pub sinks: Vec<String>,
    /// What a rejected document does.
    pub on_error: OnError,
    /// The document's key in order, never empty.
    pub key: Vec<KeyColumn>,
    /// How `_id` follows from the key.
    pub document_id: DocumentIdForm,
    /// Schemas on the session's search path, in order.
    pub search_path: Vec<String>,
    /// Hash of the index file as it was parsed.
    pub inputs: String,
    /// Findings about this index that a comment in its file accepts, sorted.
    pub accepted: Vec<Acceptance>,
    /// Numbers over 1 by kind (`date`), and `query` for the SQL that flusso writes itself: each counts how
    /// often what an unchanged config produces has changed, so that such a change enters the fingerprint.
    pub rendering: BTreeMap<String, u32>,
    /// Which rows of the root table are documents, in normal form; none: all.
    pub condition: Option<String>,
    /// Static settings, analysis and mappings: `{"settings": {"index": …}, "mappings": …}`.
    pub body: Value,
    /// Dynamic settings, by name without `index.`: they can change in place and enter no fingerprint.
    pub settings: BTreeMap<String, String>,
    /// The query of a chunk's upper bound: `$1` is the number of rows less one.
    pub bound: String,
    /// Labels relied on, in order, by qualified type.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Column lists that make a to-one one, by table, where that is not the table's key.
    pub unique: BTreeMap<TableName, Vec<Vec<Ident>>>,
    /// The normalised model, by document path (`items.price`).
    pub fields: BTreeMap<String, FieldPlan>,
    /// Queries: children before parents, the root last.
    pub nodes: Vec<Node>,
    /// From each captured table and role back to the root, sorted by table and roles.
    pub edges: Vec<Edge>,
}

impl IndexPlan {
    /// The settings and mappings that a generation ends with: the body with the dynamic settings in it.
    pub fn whole_body(&self) -> Value {
        settings::merge(&self.body, &self.settings)
    }
}

/// What a rejected document does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Stop with the document's key.
    Stop,
    /// Set it aside and go on.
    Quarantine,
}

/// How `_id` follows from the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentIdForm {
    /// The key's text ([`crate::document_id`]).
    Key,
    /// Its SHA-256 in base64url.
    Hash,
}

/// One part of a document's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// The column.
    pub column: Ident,
    /// Its type as `format_type` spells it.
    pub pg_type: String,
}

/// One field of the normalised model: what a reviewer reads and what `diff` compares.
///
/// Printed on one line with its keys in this order, what is not set left out.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPlan {
    /// Kind as inferred or written; `object` or `nested` where it has fields of its own.
    pub kind: String,
    /// The kind's own parameters (`scale`, `order`, …), sorted.
    pub parameters: BTreeMap<String, Value>,
    /// What fills it.
    pub source: FieldSource,
    /// Hops of a relation, nearest first.
    pub through: Vec<TableName>,
    /// How the related table, or each hop, is joined: `{ child column = parent column }`, in path order;
    /// columns of a hop are `table.column`.
    pub join: Vec<JoinPair>,
    /// Condition over the related rows, normalised.
    pub where_: Option<String>,
    /// Condition over this row, normalised.
    pub when: Option<String>,
    /// What an aggregate reads, as written.
    pub of: Option<String>,
    /// The one column or expression a relation is reduced to.
    pub value: Option<String>,
    /// Whether equal values occur once.
    pub distinct: bool,
    /// Order of the related rows, each `column`, `column desc`, ….
    pub order_by: Vec<String>,
    /// Most related rows.
    pub limit: Option<u64>,
    /// What stands for null in the document.
    pub default: Option<Value>,
    /// Whether readers are promised a value.
    pub required: bool,
}

/// One pair of joined columns, each `column` or `table.column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinPair {
    /// Column of the row that is added.
    pub child: String,
    /// Column of the row that was there.
    pub parent: String,
}

/// What fills a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldSource {
    /// `column = "c"`
    Column(Ident),
    /// `sql = "…"`
    Sql(String),
    /// `constant = …`
    Constant(Value),
    /// A sub-object of the same row: nothing is printed.
    SameRow,
    /// A relation or an aggregate: the verb (`belongs_to`, `has_one`, `has_many`, `many_to_many`,
    /// `avg`, `count`, `exists`, `max`, `min`, `sum`) and its table.
    Related {
        /// The verb as written.
        verb: String,
        /// The target.
        table: TableName,
    },
}

/// One query of a document's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Document path of the relation or of the first aggregate; [`ROOT_PATH`] for the root.
    pub path: String,
    /// Printed before a group's rows (empty at the root, as the next two).
    pub open: String,
    /// Printed between a group's rows.
    pub separator: String,
    /// Printed after a group's rows.
    pub close: String,
    /// Printed where a group has no rows; the root has none.
    pub empty: Option<String>,
    /// Paths of the nodes whose text stands between this query's segments, in text order.
    pub slots: Vec<String>,
    /// The query, holding `{rows:<columns>}`.
    pub sql: String,
}

impl Node {
    /// Whether this is the root, whose rows are documents.
    pub fn is_root(&self) -> bool {
        self.path == ROOT_PATH
    }
}

/// What a change of one table, in the roles it plays, means for this index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The captured table.
    pub table: TableName,
    /// Paths of the fields it fills; [`ROOT_PATH`] for the root. A hop may add `#` and its number, where
    /// two of one relation would else be the same (`items.shop#2`). Sorted.
    pub roles: Vec<String>,
    /// Columns of the changed row, as it was and as it is, that lead to documents. Ordered.
    pub navigation: Vec<Ident>,
    /// From navigation to root keys; none where the navigation is the root's key itself.
    pub resolve: Option<String>,
    /// Columns whose change matters, with their facts (`numeric(12,2) not null`).
    pub columns: BTreeMap<Ident, String>,
}
