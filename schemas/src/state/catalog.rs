//! The source's catalog that a generation was built under, and why it may no longer hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::{Ident, TableName};

/// Everything in the catalog that the documents of one index depend on, found by the names its queries use. A
/// name that does not exist is missing. Messages never show its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogRecord {
    /// The publication; `None` if there is none.
    pub publication: Option<PublicationRecord>,
    /// Every captured table of the index.
    pub tables: BTreeMap<TableName, TableRecord>,
    /// `pg_enum.oid` of each label relied on, by the type as the lock spells it.
    pub labels: BTreeMap<String, BTreeMap<String, u32>>,
    /// `pg_proc.xmin` of each user function that a query calls, by name or behind an operator or cast, by signature.
    pub functions: BTreeMap<String, u32>,
}

/// The publication as `pg_publication` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationRecord {
    /// Its oid: one that was dropped and created again differs.
    pub oid: u32,
    /// Version of its row: any ALTER but adding or dropping tables changes it.
    pub xmin: u32,
    /// Oid of the owner's role.
    pub owner: u32,
    /// The operations it sends.
    pub sends: BTreeSet<String>,
    /// Whether changes of partitions are sent as changes of the root.
    pub via_root: bool,
}

/// One table of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRecord {
    /// Its oid, by which the rows of the stream are routed.
    pub oid: u32,
    /// File node. It changes without a rewrite too: VACUUM FULL, CLUSTER, TRUNCATE.
    pub file: u32,
    /// Version of its row of `pg_class`.
    pub class_xmin: u32,
    /// What an old row carries.
    pub identity: IdentityRecord,
    /// Oid of the catalog row by which the publication holds it: of `pg_publication_rel`, of
    /// `pg_publication_namespace`, or the publication's own; `None` if it does not.
    pub published: Option<u32>,
    /// Partitions or inheritance children.
    pub children: BTreeSet<ChildRecord>,
    /// Column lists relied on as unique that an index proves.
    pub unique: BTreeSet<Vec<Ident>>,
    /// The columns that queries or edges read, by name.
    pub columns: BTreeMap<Ident, ColumnRecord>,
    /// Every column that a row of the stream carries, in order, as it was when the generation joined the
    /// stream: later changes of it do not enter, because the stream may lie behind them.
    pub layout: Vec<Ident>,
}

/// What an old row of a table carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRecord {
    /// `pg_class.relreplident`: `d`, `f`, `i` or `n`.
    pub form: String,
    /// The navigation columns of the index that it holds.
    pub columns: BTreeSet<Ident>,
}

/// A partition or inheritance child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildRecord {
    /// Oid of the child.
    pub oid: u32,
    /// Version of its row of `pg_inherits`.
    pub xmin: u32,
}

/// One column of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRecord {
    /// Its `pg_attribute.attnum`, which survives a rename.
    pub num: i16,
    /// Oid of its type.
    pub type_oid: u32,
    /// The type's modifier, where the lock relies on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifier: Option<i32>,
    /// Set where the lock relies on NOT NULL and the column is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// Version of the expression of a generated column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_xmin: Option<u32>,
    /// Version of its row of `pg_attribute`.
    pub xmin: u32,
    /// Set where rows of before an `ADD COLUMN … DEFAULT` do not hold it: whatever writes the table's
    /// file again, VACUUM FULL too, ends that in this row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_missing: bool,
    /// What an ALTER that rewrites nothing changes in that row: statistics target, options, privileges,
    /// storage, compression, default, NOT NULL and identity, as one text.
    pub tuning: String,
}

/// What happened to an index that may have missed changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaleCause {
    /// A table does not exist under its name.
    TableMissing,
    /// Another table has its name, or it was written under another name.
    TableReplaced,
    /// Its rows were rewritten, which sends no changes.
    TableRewritten,
    /// Its rows may have been rewritten: a VACUUM FULL, CLUSTER or TRUNCATE beside an ALTER of a column looks
    /// the same. Only a full comparison decides.
    TableMaybeRewritten,
    /// It left the publication, or entered it again.
    TableUnpublished,
    /// Partitions or children came, went or changed.
    ChildrenChanged,
    /// A column does not exist under its name.
    ColumnMissing,
    /// Another column has its name, or had it when a row was written.
    ColumnReplaced,
    /// A column has another type.
    ColumnRetyped,
    /// A column accepts NULL that the index relies on as NOT NULL.
    ColumnNullable,
    /// A generated column has another expression, or none.
    ColumnRegenerated,
    /// A list of columns is no longer unique.
    UniquenessLost,
    /// An enum has lost a label.
    LabelMissing,
    /// A function that a query calls was replaced or altered.
    FunctionChanged,
    /// The replica identity no longer holds the columns that lead from an old row to its documents.
    IdentityNarrowed,
    /// A change arrived without what leads to its documents.
    RowIncomplete,
    /// The publication does not exist.
    PublicationMissing,
    /// The publication was dropped and created again.
    PublicationReplaced,
    /// The publication was altered: what it sends now, or sent for a while, is not everything.
    PublicationAltered,
}

impl StaleCause {
    /// Whether a name used in queries refers to something else, or to nothing.
    pub fn is_of_name(self) -> bool {
        use StaleCause::{
            ColumnMissing, ColumnReplaced, ColumnRetyped, LabelMissing, TableMissing, TableReplaced,
        };
        matches!(
            self,
            TableMissing | TableReplaced | ColumnMissing | ColumnReplaced | ColumnRetyped | LabelMissing
        )
    }

    /// Whether putting the catalog back is enough: no document is wrong because of this alone, and a row
    /// that comes of it is noticed by itself.
    pub fn is_reversible(self) -> bool {
        matches!(self, Self::IdentityNarrowed | Self::UniquenessLost | Self::TableMaybeRewritten)
    }
}
