//! The lock's `[[index]]` block: one index, its body, its queries and its edges.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Acceptance;
use super::block::{Checked, Entry, KeyDocs, block};
use super::body_text::body_text;
use super::codec::{
    Blocks, Codec, Filled, Hash, LeftOutIfEmpty, Lines, Section, Several, Sorted, ThenDigest, key_docs,
};
use super::field::FieldPlan;
use super::fingerprint::{edges_fingerprint, index_fingerprint};
use super::form::{Form, words};
use super::levels::Accepted;
use super::print::Spelled;
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::places::Places;
use super::read::problem::{Problem, Result};
use super::settings;
use crate::name::{Ident, TableName};

/// Path of the root node.
pub const ROOT_PATH: &str = ".";

block! {
    /// One index. Its two fingerprints follow from the keys marked so, and are verified when it is read.
    pub struct IndexPlan: "`[[index]] {name}`" {
        /// Its name in the project.
        pub name: String,
        /// The alias that applications query, without the sink's prefix.
        pub alias: String,
        /// Names of the sinks it goes to.
        pub sinks: Vec<String> as Sorted,
        /// What a rejected document does.
        pub on_error: OnError,
        /// The document's key in order, never empty.
        pub key: Vec<KeyColumn> as Several => fingerprint,
        /// How `_id` follows from the key.
        pub document_id: DocumentIdForm => fingerprint,
        /// Schemas on the session's search path, in order.
        pub search_path: Vec<String>,
        /// Hash of the index file as it was parsed.
        pub inputs: String as ThenDigest<Hash>,
        /// Numbers over 1 by kind (`date`), and `query` for the SQL that flusso writes itself: each counts how
        /// often what an unchanged config produces has changed, so that such a change is one of meaning.
        pub rendering: BTreeMap<String, u32> as LeftOutIfEmpty => fingerprint,
        /// Findings about this index that a comment in its file accepts, sorted.
        pub accepted: Vec<Acceptance> as Accepted,
        /// Which rows of the root table are documents, in normal form; all, where it is left out.
        pub condition: Option<String> as Filled => fingerprint,
        /// Static settings, analysis and mappings: `{"settings": {"index": …}, "mappings": …}`.
        pub body: Value as Body => fingerprint,
        /// The query of a chunk's upper bound: `$1` is the number of rows less one.
        pub bound: String as Lines,
        /// Dynamic settings, by name without `index.`: they can change in place.
        pub settings: BTreeMap<String, String> as DynamicSettings,
        /// Labels relied on, in order, by qualified type.
        pub enums: BTreeMap<String, Vec<String>> as Section,
        /// Column lists that make a to-one one, by table, where that is not the table's key.
        pub unique: BTreeMap<TableName, Vec<Vec<Ident>>> as Section,
        /// The normalised model, by document path (`items.price`).
        pub fields: BTreeMap<String, FieldPlan> as Section => fingerprint,
        /// Queries: children before parents, the root last.
        pub nodes: Vec<Node> ["node"] as Blocks,
        /// From each captured table and role back to the root, sorted by table and roles.
        pub edges: Vec<Edge> ["edge"] as Blocks,
    }
}

impl IndexPlan {
    /// The settings and mappings that a generation ends with: the body with the dynamic settings in it.
    pub fn whole_body(&self) -> Value {
        settings::merge(&self.body, &self.settings)
    }
}

impl Checked for IndexPlan {
    const COMPUTED: &'static [&'static str] = &["fingerprint", "edges_fingerprint"];

    fn computed(&self) -> Vec<String> {
        vec![index_fingerprint(self), edges_fingerprint(self)]
    }

    fn check(&self, places: &Places) -> Result<()> {
        super::read::index::check(self, places)
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

words!(pub OnError { OnError::Stop = "stop", OnError::Quarantine = "quarantine" });

/// How `_id` follows from the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentIdForm {
    /// The key's text ([`crate::document_id`]).
    Key,
    /// Its SHA-256 in base64url.
    Hash,
}

words!(pub DocumentIdForm { DocumentIdForm::Key = "key", DocumentIdForm::Hash = "hash" });

block! {
    /// One part of a document's key.
    #[derive(Eq)]
    pub struct KeyColumn: "`key`" {
        /// Name of the column in the root table.
        pub column: Ident,
        /// Its type as `format_type` spells it.
        pub pg_type: String ["type"],
    }
}

block! {
    /// One query of a document's tree.
    #[derive(Eq)]
    pub struct Node: "node `{path}`" {
        /// Document path of the relation or of the first aggregate; `.` for the root.
        pub path: String,
        /// Printed before a group's rows; the root has no groups.
        pub open: String as LeftOutIfEmpty,
        /// Printed between a group's rows.
        pub separator: String as LeftOutIfEmpty,
        /// Printed after a group's rows.
        pub close: String as LeftOutIfEmpty,
        /// Printed where a group has no rows; every node but the root has it.
        pub empty: Option<String>,
        /// Paths of the nodes spliced between this query's segments, in text order.
        pub slots: Vec<String>,
        /// The query, holding `{rows:<columns>}`.
        pub sql: String as Lines,
    }
}

impl Checked for Node {}

impl Node {
    /// Whether this is the root, whose rows are documents.
    pub fn is_root(&self) -> bool {
        self.path == ROOT_PATH
    }
}

block! {
    /// What a change of one table, in the roles it plays, means for an index.
    #[derive(Eq)]
    pub struct Edge: "the edge of `{table}`" {
        /// The table whose changes are followed.
        pub table: TableName => fingerprint,
        /// Paths of the fields it fills; `.` for the root. A hop may add `#` and its number, where two of one
        /// relation would else be the same (`items.shop#2`).
        pub roles: Vec<String> as Sorted => fingerprint,
        /// Columns of the changed row, as it was and as it is, that lead to documents. Ordered.
        pub navigation: Vec<Ident> as Several => fingerprint,
        /// From navigation to root keys; left out if the navigation is the root's key itself.
        pub resolve: Option<String> as Lines,
        /// Columns whose change matters, with what is relied on.
        pub columns: BTreeMap<Ident, ColumnFact> as Section => fingerprint,
    }
}

impl Checked for Edge {}

block! {
    /// What is relied on in a column.
    #[derive(Eq)]
    pub struct ColumnFact: "a column" {
        /// Its type as `format_type` spells it, without a length that nothing depends on.
        pub pg_type: String ["type"],
        /// Whether nulls are excluded.
        pub not_null: bool,
    }
}

impl std::fmt::Display for ColumnFact {
    /// As SQL declares it: `numeric(12,2) not null`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.pg_type, if self.not_null { " not null" } else { "" })
    }
}

/// A number that counts up from 1, which is left out.
impl Form for u32 {
    fn value(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        let (at, name) = (item.at, item.name.clone());
        match u32::try_from(item.integer()?) {
            Ok(number) if number > 1 => Ok(number),
            _ => Err(Problem::new(at, format!("`rendering` of `{name}` is not a number from 2"))),
        }
    }

    fn words() -> String {
        "number from 2".to_owned()
    }
}

/// `{"settings": …, "mappings": …}` and nothing else, its settings static.
pub(super) struct Body;

impl Codec<Value> for Body {
    fn entries(name: &'static str, value: &Value) -> Vec<Entry> {
        vec![Entry { spelled: Spelled::Lines(body_text(value)), ..Entry::line(name, Value::Null) }]
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Value> {
        let item = keys.required(name)?;
        let at = item.at;
        let body: Value = serde_json::from_str(&item.string()?)
            .map_err(|error| Problem::new(at, format!("`body` is not JSON: {error}")))?;
        let has_both = body.as_object().is_some_and(|body| body.keys().eq(["settings", "mappings"]));
        if !has_both {
            return Err(Problem::new(at, "`body` is not an object of `settings` and `mappings`"));
        }
        if let Some(name) = settings::split(&body["settings"]).1.keys().next() {
            let message = format!("`{name}` is a dynamic setting: expected it in `[index.settings]`");
            return Err(Problem::new(at, message));
        }
        Ok(body)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "JSON".to_owned(), false, docs)
    }
}

/// A section of dynamic settings; static ones belong into the body, because they are part of the fingerprint.
pub(super) struct DynamicSettings;

impl Codec<BTreeMap<String, String>> for DynamicSettings {
    fn entries(name: &'static str, value: &BTreeMap<String, String>) -> Vec<Entry> {
        Section::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<BTreeMap<String, String>> {
        let read = |item: Item<'_>| {
            let (at, name) = (item.key_at, item.name.clone());
            if !settings::is_dynamic(&name) {
                let message = format!("`{name}` is not a dynamic setting: expected it in `body`");
                return Err(Problem::new(at, message));
            }
            Ok((name, item.string()?))
        };
        keys.optional(name).map_or(Ok(BTreeMap::new()), |item| item.map(read))
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        <Section as Codec<BTreeMap<String, String>>>::keys(name, docs)
    }
}
