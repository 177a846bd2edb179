//! One line of the lock's `[index.fields]`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::block::{Block, Entry, KeyDocs, block};
use super::codec::{Codec, LeftOutIfEmpty, key_docs};
use super::form::Form;
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::problem::Result;
use crate::name::{Ident, TableName};

block! {
    /// One field of the normalised model: what a reviewer reads and what a comparison compares.
    ///
    /// On one line with its keys in this order, what is not set left out.
    pub struct FieldPlan: "a field" {
        /// Kind as inferred or written; `object` or `nested` where it has fields of its own.
        pub kind: String,
        /// The kind's own parameters (`scale`, `order`, …), sorted.
        pub parameters: BTreeMap<String, Value> as Parameters,
        /// Where its value comes from.
        pub source: FieldSource as Source,
        /// Hops of a relation, nearest first.
        pub through: Vec<TableName> as LeftOutIfEmpty,
        /// How the related table, or each hop, is joined: `{ child column = parent column }`, in path order;
        /// columns of a hop are `table.column`.
        pub join: Vec<JoinPair> as Join,
        /// Condition over the related rows, normalised.
        pub where_: Option<String> ["where"],
        /// Condition over this row, normalised.
        pub when: Option<String>,
        /// What an aggregate reads, as written.
        pub of: Option<String>,
        /// The one column or expression a relation is reduced to.
        pub value: Option<String>,
        /// Whether equal values occur once.
        pub distinct: bool,
        /// Order of the related rows, each `column`, `column desc`, ….
        pub order_by: Vec<String> as LeftOutIfEmpty,
        /// Limit of related rows for each document.
        pub limit: Option<u64>,
        /// Replacement for null in the document.
        pub default: Option<Value>,
        /// Whether readers are promised a value.
        pub required: bool,
    }
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
    /// A column: `column = "c"`.
    Column(Ident),
    /// An SQL expression: `sql = "…"`.
    Sql(String),
    /// The same value everywhere: `constant = …`.
    Constant(Value),
    /// A sub-object of the same row: nothing is printed.
    SameRow,
    /// A relation or an aggregate: the verb (`belongs_to`, `has_one`, `has_many`, `many_to_many`,
    /// `avg`, `count`, `exists`, `max`, `min`, `sum`) and its table.
    Related {
        /// The verb as written.
        verb: String,
        /// Table at the end of the path.
        table: TableName,
    },
}

/// Aggregates that read something.
const AGGREGATES: [&str; 5] = ["avg", "count", "max", "min", "sum"];
/// Relations, and the aggregate that reads nothing.
const RELATIONS: [&str; 5] = ["belongs_to", "exists", "has_many", "has_one", "many_to_many"];

const COLUMN: &str = "column";
const SQL: &str = "sql";
const CONSTANT: &str = "constant";
const OF: &str = "of";

fn verbs() -> impl Iterator<Item = &'static str> {
    AGGREGATES.into_iter().chain(RELATIONS)
}

/// The source of a field: at most one of several keys.
struct Source;

impl Codec<FieldSource> for Source {
    fn entries(_name: &'static str, value: &FieldSource) -> Vec<Entry> {
        let (name, value) = match value {
            FieldSource::Column(column) => (COLUMN, column.value()),
            FieldSource::Sql(sql) => (SQL, sql.value()),
            FieldSource::Constant(value) => (CONSTANT, value.value()),
            FieldSource::SameRow => return Vec::new(),
            FieldSource::Related { verb, table } => (verb.as_str(), table.value()),
        };
        value.map(|value| Entry::line(name, value)).into_iter().collect()
    }

    fn read(keys: &mut Keys<'_>, _name: &'static str) -> Result<FieldSource> {
        let named: Vec<&str> =
            verbs().chain([COLUMN, SQL, CONSTANT]).filter(|name| keys.holds(name)).collect();
        match named.as_slice() {
            [] => Ok(FieldSource::SameRow),
            [name] => source(name, keys.required(name)?),
            several => Err(keys.problem(&format!(
                "has `{}`, but only one of them can fill a field",
                several.join("` and `")
            ))),
        }
    }

    fn keys(_name: &'static str, docs: &str) -> Vec<KeyDocs> {
        let mut keys = key_docs(COLUMN, Ident::words(), true, docs);
        keys.extend(key_docs(SQL, "SQL".to_owned(), true, "The expression that fills it."));
        keys.extend(key_docs(CONSTANT, Value::words(), true, "The value that fills it."));
        let names = verbs().collect::<Vec<_>>().join("`, `");
        keys.extend(key_docs(&names, TableName::words(), true, "The relation or aggregate that fills it."));
        keys
    }
}

fn source(name: &str, item: Item<'_>) -> Result<FieldSource> {
    Ok(match name {
        COLUMN => FieldSource::Column(item.parsed()?),
        SQL => FieldSource::Sql(item.string()?),
        CONSTANT => FieldSource::Constant(item.json()?),
        verb => FieldSource::Related { verb: verb.to_owned(), table: item.parsed()? },
    })
}

/// What is a key of no field is a parameter of its kind: kinds are not known here.
struct Parameters;

impl Codec<BTreeMap<String, Value>> for Parameters {
    fn entries(_name: &'static str, value: &BTreeMap<String, Value>) -> Vec<Entry> {
        value.iter().map(|(name, value)| Entry::line(name, value.clone())).collect()
    }

    fn read(keys: &mut Keys<'_>, _name: &'static str) -> Result<BTreeMap<String, Value>> {
        // Kind `map` has a parameter of this name.
        let takes_of = AGGREGATES.iter().any(|verb| keys.holds(verb));
        let parameters = keys.take_where(|name| !KEYS_OF_FIELDS.contains(name) || name == OF && !takes_of);
        parameters.into_iter().map(|item| Ok((item.name.clone(), item.json()?))).collect()
    }

    fn keys(_name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs("…", Value::words(), true, docs)
    }
}

/// Keys that a field of any kind may have.
static KEYS_OF_FIELDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let names = <FieldPlan as Block>::keys().into_iter().map(|key| key.name);
    names.chain(verbs().map(str::to_owned)).collect()
});

/// Pairs in the order of the path, which is that of the text.
struct Join;

impl Codec<Vec<JoinPair>> for Join {
    fn entries(name: &'static str, value: &Vec<JoinPair>) -> Vec<Entry> {
        if value.is_empty() {
            return Vec::new();
        }
        let pairs = value.iter().map(|pair| (pair.child.clone(), Value::from(pair.parent.as_str())));
        vec![Entry::line(name, Value::Object(pairs.collect()))]
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<JoinPair>> {
        let Some(item) = keys.optional(name) else { return Ok(Vec::new()) };
        let pairs = item.block("`join`")?.take_where(|_| true).into_iter();
        pairs.map(|pair| Ok(JoinPair { child: pair.name.clone(), parent: pair.string()? })).collect()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "map to columns".to_owned(), true, docs)
    }
}
