//! The documents that the runtime keeps in a sink, beside what they describe.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lsn::Lsn;

mod catalog;

pub use catalog::{
    CatalogRecord, ChildRecord, ColumnRecord, IdentityRecord, PublicationRecord, StaleCause, TableRecord,
};

/// Version of these documents: a state of another version is refused, and the message names both.
pub const STATE_VERSION: u32 = 4;

/// Document `project`: the state of the whole project in one sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectState {
    /// [`STATE_VERSION`] of the flusso that wrote it.
    pub state_version: u32,
    /// Name of the project.
    pub project: String,
    /// Identity of the source's cluster, from `IDENTIFY_SYSTEM`.
    pub system_identifier: String,
    /// Its timeline when the state was written.
    pub timeline: u32,
    /// Name of the source's database, for words: it may be renamed.
    pub database: String,
    /// `pg_database.oid`: another database of the cluster differs, and so does one that was dropped and
    /// created again under its name.
    pub database_oid: u32,
    /// `pg_publication.oid`: a publication that was dropped and created again differs.
    pub publication_oid: u32,
    /// Name of the slot.
    pub slot: String,
    /// Whether the slot is there.
    pub slot_phase: SlotPhase,
    /// Digest of the lock whose apply was completed last; none before the first.
    pub lock_digest: Option<String>,
    /// The position up to which every document is durable here; none before the slot is ready.
    pub confirmed: Option<Confirmed>,
    /// By which rules the confirmed changes were picked from the log; none before the first confirm.
    pub picked: Option<Picked>,
    /// Up to which position each generation was fed, by name.
    pub fed: BTreeMap<String, Lsn>,
    /// The first transaction after the confirmed position, recorded before a document of it or of a later one is sent,
    /// so that a source that does not know it is noticed; `None` if nothing was sent.
    pub written: Option<TransactionStart>,
    /// The number of the newest generation, by index; never used twice.
    pub generations: BTreeMap<String, u64>,
    /// Changed by each writer, so that an unanswered write can be recognised.
    pub nonce: String,
}

/// Whether the slot of a state is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotPhase {
    /// Being created: a slot in this phase is ours and is recreated.
    Creating,
    /// It is there, and `confirmed` is its first position or later.
    Ready,
}

/// A confirmed position and the transaction that ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// Everything below is durable.
    pub position: Lsn,
    /// End of the last confirmed transaction's commit record; none before the first.
    pub transaction_end: Option<Lsn>,
    /// Transaction id of that transaction, without its epoch.
    pub xid: Option<u32>,
    /// Its commit time, microseconds since 2000-01-01 UTC.
    pub commit_time_us: Option<i64>,
}

/// Begin of a committed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionStart {
    /// Transaction id, without its epoch.
    pub xid: u32,
    /// Start of its commit record: what its documents' versions are made of.
    pub commit: Lsn,
    /// Its commit time, microseconds since 2000-01-01 UTC.
    pub commit_time_us: i64,
}

/// By which rules changes that matter are picked from the log. Others may have been confirmed unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picked {
    /// Hash of the edges, tables and columns that rows are routed by.
    pub routes: String,
    /// Changes from this position on were picked by them, up to the confirmed position.
    pub since: Lsn,
}

/// Document `generation:<name>`: one concrete index behind an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationState {
    /// Its concrete name, `<prefix><index>-<fingerprint8>-<n>`.
    pub name: String,
    /// Its index in the lock.
    pub index: String,
    /// The sink it is in.
    pub sink: String,
    /// The `[[index]]` block it is fed by, canonical text.
    pub plan: String,
    /// The lock version that the text is written in: it is read and its fingerprints are computed by that
    /// version's rules.
    pub plan_version: u32,
    /// Fingerprint of that block: another one means compare.
    pub fingerprint: String,
    /// Fingerprint of its edges.
    pub edges_fingerprint: String,
    /// How far it is.
    pub phase: GenerationPhase,
    /// The confirmed position when it was begun: versions of its backfill lie below.
    pub first_position: Lsn,
    /// Every document was read behind this position of the log, so that no change before it can be lost;
    /// none until its first chunk may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<Lsn>,
    /// Closed key ranges `(after, up_to]`, disjoint, adjacent ones merged, in no particular order.
    pub ranges: Vec<KeyRange>,
    /// Identity of the concrete index; none while it is being created.
    pub index_uuid: Option<String>,
    /// `history_uuid` of each primary shard, in order: a restored index has others.
    pub history_uuids: Vec<String>,
    /// Dynamic settings that apply set last, name without `index.` to text.
    pub settings: BTreeMap<String, String>,
    /// What it was built under.
    pub catalog: CatalogRecord,
    /// Set when it may have missed changes.
    pub stale: Option<StaleMark>,
    /// Changed by each writer, as that of the project.
    pub nonce: String,
}

/// How far a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationPhase {
    /// Written before the concrete index is created: it has no uuid and is not fed. Only an apply that
    /// holds the slot acts on it.
    Creating,
    /// Its backfill runs, or was interrupted.
    Filling,
    /// The alias is being moved to it: ask the alias which is true.
    Swapping,
    /// The alias points to it.
    Live,
    /// It was live and is left alone.
    Kept,
}

/// A closed range of keys `(after, up_to]`; the keys are text as Postgres printed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRange {
    /// Exclusive lower bound; none from the first key.
    pub after: Option<Vec<String>>,
    /// Inclusive upper bound; none to the last key.
    pub up_to: Option<Vec<String>>,
}

/// Why and since when an index may have missed changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaleMark {
    /// Changes from here on may be missing.
    pub since: Lsn,
    /// Why changes may be missing.
    pub cause: StaleCause,
    /// The same for an operator, with the names of tables and columns.
    pub reason: String,
}
