//! A checked project: every name is bound and every type inferred. Check makes it, and plan reads it.
//!
//! [`Checked`] is built by `check` only, and only if no finding is at level deny, so that
//! planning has nothing left to doubt: a column here exists, a join compares what can be compared, a
//! kind fits its type.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_schemas::facts::{ColumnFacts, RelationFacts};
use flusso_schemas::lock::{DocumentIdForm, OnError, SinkPlan, SourcePlan};
use flusso_schemas::name::TableName;
use serde_json::Value;

use crate::condition::Condition;
use crate::kinds::Kind;
use crate::non_empty::NonEmpty;
use crate::pg_type::PgType;
use crate::sql_text::SqlText;

/// A whole project without an error in it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Name of the project.
    pub project: String,
    /// Hash of the project file without `sinks`, as it was parsed.
    pub inputs: String,
    /// Where changes come from.
    pub source: SourcePlan,
    /// Where documents go, sorted by name.
    pub sinks: Vec<SinkPlan>,
    /// Its indexes, sorted by name.
    pub indexes: Vec<Index>,
}

/// One index: its alias, its sinks and its documents.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name, which is also the alias.
    pub name: String,
    /// Hash of its file as it was parsed.
    pub inputs: String,
    /// Names of its sinks, sorted.
    pub sinks: Vec<String>,
    /// What a rejected document does.
    pub on_error: OnError,
    /// The root table: one document for each of its rows.
    pub table: Arc<Table>,
    /// Names of the key's columns, in order; proven unique and NOT NULL.
    pub key: Vec<String>,
    /// How `_id` follows from the key.
    pub document_id: DocumentIdForm,
    /// Which rows are documents.
    pub condition: Option<Condition>,
    /// Schemas on the search path while its expressions are judged and its queries run.
    pub search_path: Vec<String>,
    /// Index settings by their names without `index.` (`number_of_shards`, `refresh_interval`, …),
    /// defaults filled in.
    pub settings: BTreeMap<String, Value>,
    /// The analysis block that it may use: analyzer, tokenizer, filter, char_filter, normalizer.
    pub analysis: BTreeMap<String, BTreeMap<String, Value>>,
    /// `dynamic` of the mapping's root, as OpenSearch takes it (`"strict"`, `false`, …).
    pub dynamic: Value,
    /// Other parameters of the mapping's root.
    pub options: BTreeMap<String, Value>,
    /// What the document holds, sorted by key.
    pub fields: Vec<Field>,
}

/// A table with what the catalog says of it.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name with its schema.
    pub name: TableName,
    /// Columns, constraints and indexes from the catalog.
    pub facts: RelationFacts,
}

impl Table {
    /// A column by its exact name.
    pub fn column(&self, name: &str) -> Option<&ColumnFacts> {
        self.facts.columns.iter().find(|column| column.name == name)
    }

    /// Whether keys can be declared on it. A view or a foreign table has a finding of its own, and the keys that it lacks
    /// would only be further findings of that one cause.
    pub fn may_have_keys(&self) -> bool {
        !matches!(self.facts.kind.as_str(), "v" | "m" | "f")
    }

    /// The primary key's columns in order, where it has one that is checked at once.
    pub fn primary_key(&self) -> Option<Vec<&str>> {
        let primary = self.facts.indexes.iter().find(|index| index.primary && index.valid)?;
        primary.columns.iter().take(primary.nkeys).map(Option::as_deref).collect()
    }

    /// Whether no two rows agree on these columns: some unique, immediate, whole index is over a subset
    /// of them whose columns are all NOT NULL or compared by equality.
    pub fn is_unique_on(&self, columns: &[&str]) -> bool {
        self.facts.indexes.iter().any(|index| index.proves_unique(columns))
    }
}

/// One field of a document or of an object in it.
#[derive(Clone, Debug)]
pub struct Field {
    /// Key of the field in its object of the document.
    pub key: String,
    /// Its whole path (`items.price`).
    pub path: String,
    /// Condition over the row that has the field: if it is false, the field is as if nothing were found.
    pub when: Option<Condition>,
    /// The source of the value.
    pub form: Form,
}

/// How a field gets its value.
#[derive(Clone, Debug)]
pub enum Form {
    /// One value of this row.
    Scalar(Scalar),
    /// An object over this row's own columns.
    SameRow {
        /// Its fields, sorted by key.
        fields: Vec<Field>,
        /// Parameters of the object's mapping.
        options: BTreeMap<String, Value>,
    },
    /// The same for every document.
    Constant {
        /// The value: a scalar or a list of scalars.
        value: Value,
        /// The kind it is mapped as.
        kind: &'static dyn Kind,
        /// The kind's own keys (`scale`).
        parameters: BTreeMap<String, Value>,
        /// The kind's mapping parameters.
        options: BTreeMap<String, Value>,
    },
    /// Fields or values of related rows.
    Relation(Relation),
    /// One value over related rows.
    Aggregate(Aggregate),
}

/// A value and the kind it is indexed as.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The declared kind; `auto` is already replaced by the kind it infers.
    pub kind: &'static dyn Kind,
    /// The kind's own keys with defaults and inferences filled in (`scale`, `order`, `labels`,
    /// `precision`, …), sorted.
    pub parameters: BTreeMap<String, Value>,
    /// The mapping's parameters as written under `options`.
    pub options: BTreeMap<String, Value>,
    /// What replaces the kind's own subfields, by name; none: the kind's own.
    pub subfields: Option<BTreeMap<String, Subfield>>,
    /// Where the value comes from.
    pub value: ValueSource,
    /// Postgres type of the value before `default`.
    pub pg_type: PgType,
    /// Whether the value can be null (before `default`).
    pub nullable: bool,
    /// Written to the document instead of null.
    pub default: Option<Value>,
    /// Whether readers are promised a value.
    pub required: bool,
}

/// A subfield as written under `subfields`.
#[derive(Clone, Debug)]
pub struct Subfield {
    /// Never `auto`: a subfield declares its own kind.
    pub kind: &'static dyn Kind,
    /// Mapping parameters from the subfield's `options`.
    pub options: BTreeMap<String, Value>,
}

/// Where a value comes from, in the row it is read from.
#[derive(Clone, Debug)]
pub enum ValueSource {
    /// A column by its exact name.
    Column(String),
    /// An expression over the row's own columns.
    Sql(Box<SqlText>),
}

/// Related rows, as an object, a list of objects, a value or a list of values.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The verb as written.
    pub verb: Verb,
    /// From this row to the target, nearest first; the last one is the target.
    pub path: NonEmpty<Join>,
    /// Order of the related rows; for `has_one` what decides which. Without the key that breaks ties.
    pub order_by: Vec<OrderItem>,
    /// Most related rows that are indexed; `None`: all of them.
    pub limit: Option<u64>,
    /// Whether equal values, or rows, occur once.
    pub distinct: bool,
    /// Whether readers are promised a value.
    pub required: bool,
    /// What of the target is shown.
    pub shape: Shape,
}

impl Relation {
    /// The table at the end of the path.
    pub fn target(&self) -> &Arc<Table> {
        &self.path.last().table
    }
}

/// What of the target is shown.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object a row.
    Object {
        /// Its fields, sorted by key.
        fields: Vec<Field>,
        /// Whether a list is mapped as `nested` (always false for a to-one).
        nested: bool,
        /// Parameters of the object's mapping.
        options: BTreeMap<String, Value>,
    },
    /// One value a row.
    Value(Box<Scalar>),
}

/// The four relations that a field can declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// This row references one row; proven unique.
    BelongsTo,
    /// One row references this one: proven unique, or the first by `order_by`.
    HasOne,
    /// Any number of rows reference this one.
    HasMany,
    /// Rows of a junction table reference both.
    ManyToMany,
}

impl Verb {
    /// Whether it gives a list.
    pub fn is_to_many(self) -> bool {
        matches!(self, Self::HasMany | Self::ManyToMany)
    }

    /// The verb as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BelongsTo => "belongs_to",
            Self::HasOne => "has_one",
            Self::HasMany => "has_many",
            Self::ManyToMany => "many_to_many",
        }
    }
}

/// One step of a path: rows of `table` whose columns equal the row before.
#[derive(Clone, Debug)]
pub struct Join {
    /// The table that is joined.
    pub table: Arc<Table>,
    /// Its columns with those of the table before (the first step's: the row that has the field).
    pub pairs: Vec<Pair>,
    /// Condition over its rows.
    pub condition: Option<Condition>,
    /// Whether at most one of its rows joins a row before: proven by a unique index.
    pub to_one: bool,
}

/// One pair of joined columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Column of the table that is joined.
    pub child: String,
    /// Column of the table before.
    pub parent: String,
}

/// One item of an order.
#[derive(Clone, Debug)]
pub struct OrderItem {
    /// What is ordered by, in the target's row.
    pub value: ValueSource,
    /// Largest first; `asc` is the default.
    pub descending: bool,
    /// Nulls first (they come last in both directions unless said).
    pub nulls_first: bool,
    /// Its type: text is ordered by code point.
    pub pg_type: PgType,
}

/// One value over related rows.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The aggregate that is computed.
    pub function: Function,
    /// From this row to the target, nearest first.
    pub path: NonEmpty<Join>,
    /// What it reads of a target row; none for `count` of rows and `exists`.
    pub of: Option<ValueSource>,
    /// Whether equal values count once; without `of`, whether a target row reached twice counts once.
    pub distinct: bool,
    /// The kind and type of the result; its `value` is not read.
    pub result: Scalar,
}

/// The aggregates that a field can declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Mean of a column; null without rows.
    Avg,
    /// Number of rows, or of distinct values of a column; never null.
    Count,
    /// Whether any row is related; never null.
    Exists,
    /// Largest value; null without rows.
    Max,
    /// Smallest value; null without rows.
    Min,
    /// Total of a column; null without rows.
    Sum,
}

impl Function {
    /// The function as files and SQL write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Count => "count",
            Self::Exists => "exists",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
        }
    }
}
