//! Where changes and documents come from: two views of one source, in one session.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::TableName;
use flusso_schemas::report::{Finding, SourceChange};
pub use flusso_schemas::state::TransactionStart;
use flusso_schemas::state::{CatalogRecord, StaleCause};

use crate::documents::{Built, Key, Selection, Snapshot};
use crate::error::Result;
use crate::recovery::DriftCause;

/// The live stream of committed changes, and everything else that is asked of the primary but documents.
/// Every method may be called at any time and at once with others, but for [`Self::stream`], which is called
/// once per session.
///
/// A statement is bounded by the plan's timeout; a lost connection is
/// [`crate::ErrorKind::ConnectionLost`], after which the whole session is dropped.
#[async_trait]
pub trait ChangeCapture: Debug + Send + Sync {
    /// Everything that would keep the plan from running or make its documents wrong: server version
    /// and settings, privileges, row security, replica identities, the relied-on facts of every edge
    /// against the live catalog. Changes nothing.
    async fn preflight(&self, plan: &Lock) -> Result<Vec<Finding>>;

    /// Who the source is and where its log ends now.
    async fn identity(&self) -> Result<SourceIdentity>;

    /// What [`Self::provision`] would change, in order; empty where publication and identities are as
    /// the plan wants them.
    async fn provision_plan(&self, plan: &Lock) -> Result<Vec<SourceChange>>;

    /// Makes publication and replica identities as the plan wants them; each statement under a short
    /// lock timeout, with bounded retries. Doing it again changes nothing. Commits before it returns.
    async fn provision(&self, plan: &Lock) -> Result<Provisioned>;

    /// The oid of the plan's publication; `None` if there is none.
    async fn publication(&self) -> Result<Option<u32>>;

    /// The plan's slot; `None` if there is none.
    async fn slot(&self) -> Result<Option<SlotStatus>>;

    /// Makes the slot and returns its first position. Waits for every running writer of the cluster,
    /// naming them, within its bound ([`crate::ErrorKind::Busy`] when it runs out: no slot is left).
    async fn create_slot(&self) -> Result<Lsn>;

    /// Drops the slot, waiting for its walsender to end within its bound. Succeeds if there is none.
    async fn drop_slot(&self) -> Result<()>;

    /// Returns once every transaction that may have begun before now has ended, so that a later snapshot sees
    /// all that the stream does not carry. Reports what it waits for; bounded ([`crate::ErrorKind::Busy`]).
    async fn gate(&self) -> Result<()>;

    /// Acquires the slot and starts the stream at the slot's own position. A slot that someone holds
    /// is waited for within a bound, naming the holder ([`crate::ErrorKind::Busy`] when it runs out).
    /// The slot is held until the stream is dropped.
    async fn stream(&self, plan: &Lock) -> Result<Box<dyn ChangeStream>>;

    /// Everything below this position survives a crash of the source. Read in a connection that was
    /// there when the session began.
    async fn durable_position(&self) -> Result<Lsn>;

    /// Where the log ends now (its insert position).
    async fn insert_position(&self) -> Result<Lsn>;

    /// Commits something empty so that what was written before becomes durable and is streamed.
    async fn heartbeat(&self) -> Result<()>;

    /// What documents of this index depend on in the catalog without an event, found by the names its
    /// queries use.
    async fn catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord>;

    /// The same once every ALTER of these tables that had begun has ended: read in one short transaction
    /// that locks the tables against ALTER. Before a swap this is compared with what the generation was
    /// built under ([`crate::drift::differences`]): equal means that no ALTER between the two records can
    /// be missing from its documents. The locks end with the transaction, so it is compared once more
    /// after the swap. Bounded, naming who holds the lock ([`crate::ErrorKind::Busy`]).
    async fn settled_catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord>;

    /// How many rows a root table has as the source estimates it; `None` if it does not know.
    async fn rows_estimated(&self, index: &IndexPlan) -> Result<Option<u64>>;
}

/// Who a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceIdentity {
    /// Identity of the cluster.
    pub system_identifier: String,
    /// Timeline of its log, which counts up with each promotion.
    pub timeline: u32,
    /// Name of the database.
    pub database: String,
    /// Its oid, which outlives a new name.
    pub database_oid: u32,
    /// Where its log ends.
    pub insert_position: Lsn,
}

/// What provisioning left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// Oid of the publication, which distinguishes it from a later one of that name.
    pub publication_oid: u32,
}

/// A replication slot as the server reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotStatus {
    /// Whether plugin, type, database and two_phase are what we make; else why not, in words.
    pub ours: Result<(), String>,
    /// The database that it belongs to, where that is another one than ours.
    pub elsewhere: Option<String>,
    /// Its confirmed position; none for a slot that is lost.
    pub confirmed: Option<Lsn>,
    /// Whether the log it needs is gone.
    pub lost: bool,
    /// Who holds it, such as `process 4711 (flusso_shop)`.
    pub active: Option<String>,
}

impl SlotStatus {
    /// Why a slot of this name is not the one of this database; `None` if it is.
    pub fn not_ours(&self, slot: &str, current: &str) -> Option<DriftCause> {
        let slot = slot.to_owned();
        let difference = self.ours.as_ref().err()?.clone();
        Some(match self.elsewhere.clone() {
            Some(database) => DriftCause::SlotElsewhere { slot, database, current: current.to_owned() },
            None => DriftCause::SlotForeign { slot, difference },
        })
    }
}

/// One session's stream. Only committed transactions arrive, whole and in commit order; after a
/// restart those since the slot's position arrive again.
#[async_trait]
pub trait ChangeStream: Debug + Send + Sync {
    /// Begins to read rows, for the indexes (positions in the plan's list) that have a record, routed by
    /// the tables' oids in it: a name may be another table's by the time a row is read. Called once,
    /// before the first event.
    fn follow(&mut self, records: &BTreeMap<usize, CatalogRecord>);

    /// The next event. Cancelling it loses nothing. An error ends the stream.
    async fn next(&mut self) -> Result<Event>;

    /// The next event, where one is there already.
    fn try_next(&mut self) -> Result<Option<Event>>;

    /// Releases everything below `position` at the source: after this returns it may never be sent
    /// again.
    async fn confirm(&self, position: Lsn) -> Result<()>;

    /// Whether the slot is still ours, for everyone who is about to write because of it.
    fn lease(&self) -> Arc<dyn Lease>;
}

/// Whether something held is still held.
pub trait Lease: Debug + Send + Sync {
    /// An error if it is lost or unconfirmed: then nothing may be sent or resent.
    fn check(&self) -> Result<()>;
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A transaction begins; its changes follow.
    Begin(TransactionStart),
    /// A row changed in a way that some edge cares for. Rows that no edge cares for do not arrive.
    Change(Vec<DirtyKey>),
    /// Tables were emptied: every document of these indexes (positions in the plan's list) is suspect.
    Truncate {
        /// The tables, for words.
        tables: Vec<TableName>,
        /// The indexes whose edges name one of them.
        indexes: BTreeSet<usize>,
    },
    /// The transaction ends: everything of it has arrived.
    Commit {
        /// Position after its commit record.
        end: Lsn,
    },
    /// Nothing below this position is still to come, outside a transaction.
    Keepalive(Lsn),
    /// A change that is lost for these indexes: the stream does not carry what is needed, or the table
    /// it is about is not the one that they recorded.
    Unusable {
        /// The indexes (positions in the plan's list).
        indexes: BTreeSet<usize>,
        /// What changed, as the state records it.
        cause: StaleCause,
        /// The same in words.
        reason: String,
    },
}

/// A changed row leads somewhere along one edge. A row whose navigation holds a null leads nowhere and
/// makes no hit; one whose navigation changed makes two, for the row as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirtyKey {
    /// Position of the index in the plan.
    pub index: usize,
    /// Position of the edge in the index.
    pub edge: usize,
    /// The navigation's values, as text.
    pub key: Key,
}

/// From keys to documents. Each call is one reading transaction of its own, committed before it
/// returns and bounded; several may run at once.
///
/// `must_see` are the transactions whose effect has to be visible: the builder waits until they are,
/// saying so, before it reads.
#[async_trait]
pub trait DocumentBuilder: Debug + Send + Sync {
    /// What the names in each index's queries resolved to when its generations were built, by the index's name.
    /// Called once, before anything is read for a sink. From then on a transaction in which a name resolves to
    /// something else fails with [`crate::ErrorKind::CatalogMoved`].
    fn rely_on(&self, records: BTreeMap<String, CatalogRecord>) -> Result<()>;

    /// From navigation values of an edge to root keys, one page: at most `limit` keys above `after`,
    /// ascending in the source's own order, each once.
    async fn resolve(&self, request: ResolveRequest<'_>) -> Result<Resolved>;

    /// The documents of a selection. [`crate::ErrorKind::TooMuch`] where it takes too long or too many
    /// bytes: ask for less.
    async fn build(&self, index: &IndexPlan, selection: &Selection, must_see: &[u32]) -> Result<Built>;

    /// The keys of a selection that have a document, without building them.
    async fn keys(&self, index: &IndexPlan, selection: &Selection) -> Result<(Vec<Key>, Snapshot)>;

    /// The key of the `rows`-th root row above `after`, in the order of the index's `bound`; `None` if
    /// there are fewer.
    async fn bound(&self, index: &IndexPlan, after: Option<&Key>, rows: u64) -> Result<Option<Key>>;

    /// After what a snapshot saw was written and answered: how old it is by the source's clock, and
    /// which of its tables have another file node now.
    async fn aftermath(&self, snapshot: &Snapshot) -> Result<Aftermath>;
}

/// One page of an edge's way to the root.
#[derive(Clone, Copy, Debug)]
pub struct ResolveRequest<'a> {
    /// The index whose documents are looked for.
    pub index: &'a IndexPlan,
    /// Position of the edge in it; the edge has a resolve query.
    pub edge: usize,
    /// Values of the edge's navigation columns.
    pub keys: &'a [Key],
    /// Exclusive lower bound of root keys.
    pub after: Option<&'a Key>,
    /// Most keys to return.
    pub limit: usize,
    /// Transactions that have to be visible.
    pub must_see: &'a [u32],
}

/// One page of root keys.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Root keys. Fewer than were asked for: the last page.
    pub keys: Vec<Key>,
    /// The snapshot that the keys were read in.
    pub snapshot: Snapshot,
}

/// Whether what a snapshot saw still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// Time since the snapshot, by the source's clock.
    pub age: Duration,
    /// Tables that have been rewritten or emptied since.
    pub rewritten: Vec<TableName>,
}
