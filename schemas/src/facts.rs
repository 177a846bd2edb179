//! Facts of the live catalog and the live target: the compiler's second input.
//!
//! The shapes are what the four catalog statements return (`flusso-postgres`), so that a recorded
//! snapshot and a live answer are the same thing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// Everything that was observed of a source for the tables a project names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CatalogFacts {
    /// Server, role, publications and slots.
    pub server: ServerFacts,
    /// Named relations that exist, by name. A name that is missing here does not exist.
    pub relations: BTreeMap<TableName, RelationFacts>,
    /// Foreign keys from or to a named relation.
    pub foreign_keys: Vec<ForeignKeyFacts>,
}

/// Statement 1: the server, our role, publications and slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// `server_version_num`, such as 150018.
    pub version: u32,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The database we are connected to.
    pub database: String,
    /// Its encoding, such as `UTF8`.
    pub encoding: String,
    /// Its default collation (`datcollate`), such as `C.UTF-8`.
    #[serde(default)]
    pub collate: Option<String>,
    /// Identity of the cluster.
    #[serde(default)]
    pub system_identifier: Option<String>,
    /// Values of server settings (`pg_settings.setting`) by name.
    #[serde(default)]
    pub settings: BTreeMap<String, Option<String>>,
    /// The role we are.
    pub role: RoleFacts,
    /// Installed extensions with their versions.
    #[serde(default)]
    pub extensions: Option<BTreeMap<String, String>>,
    /// Every publication of the database.
    #[serde(default)]
    pub publications: Option<Vec<PublicationFacts>>,
    /// Every slot of the cluster.
    #[serde(default)]
    pub slots: Option<Vec<SlotFacts>>,
    /// Walsenders that run now, in the whole cluster.
    #[serde(default)]
    pub wal_senders: u64,
    /// Schemas that hold a relation of that name, by the wanted `schema.name`, for did-you-mean.
    #[serde(default)]
    pub names_elsewhere: BTreeMap<String, Vec<String>>,
    /// Tables near an unknown name, for did-you-mean: names of all tables of the schemas asked about,
    /// as `schema.table`; filled only where a named relation is missing.
    #[serde(default)]
    pub tables_near: Vec<String>,
}

/// The role we are connected as.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleFacts {
    /// Its name, without quotes.
    pub name: String,
    /// Whether it is superuser.
    pub superuser: bool,
    /// Whether it may log in.
    #[serde(default = "yes")]
    pub login: bool,
    /// Whether it may connect to the database.
    #[serde(default = "yes")]
    pub connect: bool,
    /// Whether it may start replication.
    pub replication: bool,
    /// Whether it bypasses row security.
    pub bypassrls: bool,
    /// Whether it may create in the database (a publication needs it).
    pub create_in_database: bool,
    /// Roles it is a member of.
    #[serde(default)]
    pub member_of: Option<Vec<String>>,
}

/// A publication, whichever tables it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PublicationFacts {
    /// Its name, without quotes.
    pub name: String,
    /// Name of the owning role.
    pub owner: String,
    /// Whether our role may alter it.
    pub owned: bool,
    /// Whether it publishes inserts.
    pub insert: bool,
    /// Whether it publishes updates.
    pub update: bool,
    /// Whether it publishes deletes.
    pub delete: bool,
    /// Whether it publishes truncates.
    pub truncate: bool,
    /// Its `publish_via_partition_root`: partitions are published as their root.
    pub via_root: bool,
    /// FOR TABLES IN SCHEMA.
    #[serde(default)]
    pub schemas: Option<Vec<String>>,
}

/// A replication slot, of whichever kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlotFacts {
    /// Its name, unique in the cluster.
    pub name: String,
    /// Its output plugin; none for a physical one.
    pub plugin: Option<String>,
    /// `logical` or `physical`, as `pg_replication_slots` has it.
    #[serde(rename = "type")]
    pub slot_type: String,
    /// Its database; none for a physical slot.
    pub database: Option<String>,
    /// Whether a walsender holds it.
    pub active: bool,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub wal_status: Option<String>,
}

/// Statement 2: one relation with its columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RelationFacts {
    /// Its oid; never enters the lock.
    pub oid: u32,
    /// `relkind`: r table, p partitioned, v view, m materialized view, f foreign.
    pub kind: String,
    /// `relpersistence`: p permanent, u unlogged, t temporary.
    pub persistence: String,
    /// `relreplident`: d default, n nothing, f full, i index.
    pub identity: String,
    /// Whether it is a partition.
    pub is_partition: bool,
    /// Whether it inherits from another table in the old style.
    #[serde(default)]
    pub inherits: bool,
    /// Whether row security hides rows from our role.
    pub rls_active: bool,
    /// `reltuples`; -1 means unknown, not small.
    pub rows: f64,
    /// Whether our role owns it.
    pub owned: bool,
    /// Whether our role may use its schema.
    pub usage: bool,
    /// Whether our role may read all of it.
    pub select: bool,
    /// Partitions and inheritance children.
    #[serde(default)]
    pub children: Option<Vec<ChildFacts>>,
    /// Its columns in order.
    #[serde(default)]
    pub columns: Vec<ColumnFacts>,
    /// Labels of the enum types its columns use, in order, by type as `format_type` spells it.
    #[serde(default)]
    pub enums: Option<BTreeMap<String, Vec<String>>>,
    /// Its indexes, valid or not.
    #[serde(default)]
    pub indexes: Vec<IndexFacts>,
    /// The publications it is in.
    #[serde(default)]
    pub published: Vec<MembershipFacts>,
}

/// A partition or an inheritance child.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChildFacts {
    /// Name of its schema, unquoted.
    pub schema: String,
    /// Its name within that schema.
    pub name: String,
    /// Its replica identity (`relreplident`): `d`, `n`, `f` or `i`.
    pub identity: String,
    /// Whether it is a partition (else an inheritance child).
    pub partition: bool,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnFacts {
    /// Its name, without quotes.
    pub name: String,
    /// Its `attnum`, which counts dropped columns too.
    pub num: i32,
    /// Its declared type as `format_type` spells it, a domain by its name.
    #[serde(rename = "type")]
    pub pg_type: String,
    /// The type below any domains, those of an array's elements too, with its typmod: `numeric(12,2)`.
    pub base: String,
    /// `typtype` of the base: b base, e enum, c composite, r range, m multirange.
    pub base_kind: String,
    /// `typcategory` of the base; A is an array.
    pub category: String,
    /// Element type of an array, bound type of a range.
    #[serde(default)]
    pub element: Option<String>,
    /// Schema of the base type.
    pub type_schema: String,
    /// The types that its values are made of, where they are made of others: elements, columns, a domain's base.
    #[serde(default)]
    pub made_of: Option<Vec<String>>,
    /// Whether its values, and all that they are made of, have an equality of a btree or hash operator class.
    #[serde(default)]
    pub equality: Option<bool>,
    /// Whether they have an order of a btree operator class.
    #[serde(default)]
    pub order: Option<bool>,
    /// NOT NULL, by itself or through its domain.
    pub not_null: bool,
    /// `attgenerated`: empty, s stored, v virtual.
    pub generated: String,
    /// `attidentity`: empty, a always, d by default.
    pub identity: String,
    /// Oid of its collation, where it has one.
    #[serde(default)]
    pub collation: Option<i64>,
    /// `collisdeterministic` of that collation; true where it has none.
    #[serde(default = "yes")]
    pub collation_deterministic: bool,
    /// Names of the columns that its generated expression reads (`pg_depend`).
    #[serde(default)]
    pub generated_from: Vec<String>,
    /// Whether our role may read it.
    pub select: bool,
}

fn yes() -> bool {
    true
}

/// Statement 3, `index`: one table index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexFacts {
    /// Its name, without its schema.
    pub name: String,
    /// Whether it is the primary key's.
    pub primary: bool,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it is checked at once (not deferrable).
    pub immediate: bool,
    /// Valid, ready and live.
    pub valid: bool,
    /// Whether it is the replica identity.
    pub identity: bool,
    /// Its access method, such as `btree`.
    pub method: String,
    /// Whether it has a predicate.
    pub partial: bool,
    /// Whether it has expressions.
    pub expressions: bool,
    /// How many of its columns are keys.
    pub nkeys: usize,
    /// Its columns, keys first; an expression is null.
    pub columns: Vec<Option<String>>,
}

impl IndexFacts {
    /// Whether no two rows agree on these columns because of it: it is unique, checked at once and whole, and every key
    /// is one of them.
    pub fn proves_unique(&self, columns: &[&str]) -> bool {
        let is_whole = self.unique && self.immediate && self.valid && !self.partial && !self.expressions;
        let is_of_list = |key: &Option<String>| key.as_deref().is_some_and(|key| columns.contains(&key));
        is_whole && self.columns.iter().take(self.nkeys).all(is_of_list)
    }
}

/// Statement 3, `fk`: one foreign key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKeyFacts {
    /// Name of the constraint.
    pub name: String,
    /// The table that references the other.
    pub from: TableName,
    /// The table that is referenced.
    pub to: TableName,
    /// The columns that reference, in the constraint's order.
    pub columns: Vec<String>,
    /// The referred columns, in the same order.
    pub references: Vec<String>,
    /// Whether every row was checked.
    pub valid: bool,
    /// Whether it is checked at the end of the transaction only.
    pub deferrable: bool,
}

/// Statement 4: a relation in a publication.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MembershipFacts {
    /// Name of the publication.
    pub publication: String,
    /// `all`, `table`, `schema` or `ancestor`.
    pub how: String,
    /// Its column list, where it has one.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// Whether it has a row filter.
    pub filtered: bool,
}

/// A question of the compiler to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Names the probe for its outcome.
    pub id: usize,
    /// What the server is asked.
    pub question: Question,
}

/// A statement and what to find out about it; two probes with equal questions have one answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The statement that is prepared.
    pub sql: String,
    /// The kind of answer that is expected.
    pub ask: Ask,
    /// Schemas on the search path while it is answered: a name may be found under one and not another.
    pub search_path: Vec<String>,
}

/// The property of a statement that is in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// The types of its result columns, as `format_type` spells them with their typmod. The statement is
    /// prepared, never executed.
    Types,
    /// The plan's lines with every expression that is computed, under one of two settings of time zone and
    /// date order. The statement is planned, never executed.
    Plan(Clock),
    /// The rows of our own query of the catalog, one column of text. This one is executed.
    Rows,
}

/// Two sets of session settings under which a constant that reads the clock never prints alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// Twelve hours behind UTC; `01/02/2024` is January.
    Behind,
    /// Fourteen hours ahead, so that it is always another day there; `01/02/2024` is February.
    Ahead,
}

impl Clock {
    /// The settings by name.
    pub fn settings(self) -> [(&'static str, &'static str); 2] {
        match self {
            // The signs of `Etc/GMT` are those of POSIX: west is positive.
            Self::Behind => [("TimeZone", "Etc/GMT+12"), ("DateStyle", "ISO, MDY")],
            Self::Ahead => [("TimeZone", "Etc/GMT-14"), ("DateStyle", "ISO, DMY")],
        }
    }
}

/// The server's answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeOutcome {
    /// The [`Probe::id`] that it answers.
    pub id: usize,
    /// The answer, or the server's message with its SQLSTATE.
    pub result: Result<Vec<String>, ProbeError>,
}

/// Why the server refused a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    /// SQLSTATE, which has five characters.
    pub sqlstate: String,
    /// The server's primary message.
    pub message: String,
    /// Position in the statement in characters from 1, where it says one.
    pub position: Option<u32>,
}

/// A query of a lock that the server refused to prepare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRefusal {
    /// Name of the index.
    pub index: String,
    /// Which of its queries, in words: ``the node `items` for keys``.
    pub query: String,
    /// The server's primary message.
    pub error: ProbeError,
}
