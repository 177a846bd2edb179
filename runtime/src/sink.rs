//! Where documents go: one sink's contract.

mod alias;
mod fan_out;
mod stdout;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::ownership::Ownership;
use flusso_schemas::report::Finding;

pub use alias::{AliasState, AliasTarget, Belongings, Owner};
pub use fan_out::FanOut;
pub use stdout::StdoutSink;

use crate::claims::Claim;
use crate::documents::{DocumentRef, Key};
use crate::error::Result;
use crate::ownership::Source;
use crate::source::Lease;
use crate::state_store::StateStore;

/// One sink, or a fan-out over several ([`FanOut`]): everything that concerns one sink is addressed by
/// a [`Generation`], which names its sink, so that a fan-out only routes.
///
/// Methods may be called at once from several tasks. A write that has returned [`Answer::Done`] and a
/// [`Self::flush`] after it let the pipeline forget the change. The same write may come twice, and an
/// older one late: versions decide.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// The sinks this one consists of, by name, sorted: itself where it is one.
    fn members(self: Arc<Self>) -> Vec<(String, Arc<dyn Sink>)>;

    /// Everything that would keep the plan from running here: reachability, version, templates that
    /// interfere, an alias that is in the way. Changes nothing. With a source it is also said where an
    /// alias holds documents of another one.
    async fn preflight(&self, plan: &Lock, source: Option<Source<'_>>) -> Result<Vec<Finding>>;

    /// The names that it makes for a plan; empty if it makes none (stdout).
    async fn claims(&self, _plan: &Lock) -> Result<Vec<Claim>> {
        Ok(Vec::new())
    }

    /// Where its state is kept; none for a sink that keeps nothing (stdout, or a fan-out: ask members).
    fn state(&self) -> Option<Arc<dyn StateStore>>;

    /// The highest number of an existing concrete index of this index in a sink, in the state or not.
    async fn newest_generation(&self, sink: &str, index: &IndexPlan) -> Result<u64>;

    /// The name of a generation in a sink: `<prefix><index>-<fingerprint8>-<number>`.
    fn generation_name(&self, sink: &str, index: &IndexPlan, number: u64) -> Result<String>;

    /// Makes a generation with the plan's body, tuned for bulk loading, and its write alias. It carries
    /// the mark of who made it.
    async fn create_generation(
        &self,
        generation: &Generation,
        index: &IndexPlan,
        ownership: &Ownership,
    ) -> Result<GenerationIdentity>;

    /// Who made a generation and what points to it; `None` if it is gone.
    async fn belongings(&self, generation: &Generation) -> Result<Option<Belongings>>;

    /// Gives a generation that is known to be ours its mark and its write alias, where it lacks them.
    async fn restore_belongings(&self, generation: &Generation, ownership: &Ownership) -> Result<()>;

    /// Its identity now; `None` if it is gone.
    async fn identity(&self, generation: &Generation) -> Result<Option<GenerationIdentity>>;

    /// [`crate::ErrorKind::Drift`] where someone gave a generation settings by hand that may keep documents
    /// from being stored as they were built.
    async fn check_settings(&self, generation: &Generation, index: &IndexPlan) -> Result<()>;

    /// Removes a generation that was never live. Succeeds if there is none.
    async fn drop_generation(&self, generation: &Generation) -> Result<()>;

    /// Gives a generation the settings it ends with and waits, within a bound, for its replicas.
    /// Returns a sentence where fewer than configured can ever start.
    async fn finish_generation(&self, generation: &Generation, index: &IndexPlan) -> Result<Option<String>>;

    /// The dynamic settings an index is to have here, the plan's and the sink's own, by name without
    /// `index.`.
    fn settings(&self, sink: &str, index: &IndexPlan) -> Result<BTreeMap<String, String>>;

    /// Sets dynamic settings of a generation; none gives one back to the server's default.
    async fn set_settings(
        &self,
        generation: &Generation,
        settings: &BTreeMap<String, Option<String>>,
    ) -> Result<()>;

    /// Writes a batch: one answer an item, documents first, then deletes.
    async fn write(&self, generation: &Generation, batch: WriteBatch<'_>) -> Result<Vec<Answer>>;

    /// Everything that was answered before is durable when it returns.
    async fn flush(&self, generation: &Generation) -> Result<()>;

    /// Everything that was answered before can be found when it returns.
    async fn refresh(&self, generation: &Generation) -> Result<()>;

    /// A page of a listing of every id, as of the last refresh. `after` is the page before's last id;
    /// an empty page ends it.
    async fn ids_page(&self, generation: &Generation, after: Option<&str>) -> Result<Vec<String>>;

    /// Documents by id, in the order asked, readable as soon as their write was answered.
    async fn get_many(&self, generation: &Generation, ids: &[String]) -> Result<Vec<Option<StoredDocument>>>;

    /// A mark that shows whether tombstones may have been lost: equal before and after means no.
    async fn shard_marks(&self, generation: &Generation) -> Result<ShardMarks>;

    /// Looks up the name of the index's alias in this sink.
    async fn alias(&self, sink: &str, index: &IndexPlan) -> Result<AliasState>;

    /// The name of the index's alias in this sink, for words.
    fn alias_name(&self, sink: &str, index: &IndexPlan) -> Result<String>;

    /// Moves the alias to this generation, atomically, away from `from` and nothing else:
    /// [`crate::ErrorKind::Foreign`] where it points to another index.
    async fn swap(&self, generation: &Generation, index: &IndexPlan, from: &[String]) -> Result<()>;
}

/// One concrete index in one sink.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation {
    /// Name of the sink.
    pub sink: String,
    /// Name of its concrete index.
    pub name: String,
}

/// Distinguishes a concrete index from another one under the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationIdentity {
    /// The uuid that OpenSearch gave the index when it was created.
    pub index_uuid: String,
    /// `history_uuid` of each primary shard, in order.
    pub history_uuids: Vec<String>,
}

/// Documents that are written at once, at one version.
#[derive(Clone, Debug)]
pub struct WriteBatch<'a> {
    /// External version of every item: an item whose document is newer is a conflict.
    pub version: u64,
    /// Documents to index or replace.
    pub documents: Vec<DocumentRef<'a>>,
    /// Keys whose documents are deleted, also where there never was one.
    pub deletes: Vec<&'a Key>,
    /// Why it is written, which decides what is sent again.
    pub cause: WriteCause,
    /// Nothing is sent, or sent again, once this says no.
    pub lease: Arc<dyn Lease>,
    /// Nothing is sent, or sent again, after this.
    pub deadline: std::time::Instant,
}

/// Why something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteCause {
    /// A change: sent again after a failure until the deadline.
    Event,
    /// None (backfill, repair): never sent again after a failure of connection or server, because the
    /// first one may still arrive.
    Eventless,
}

/// The result of one item of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is written, or there was nothing to delete.
    Done,
    /// The document there has this version, which is higher.
    Newer(u64),
    /// The server refused this item, and would again.
    Rejected {
        /// The server's error type.
        error_type: String,
        /// The field it is about, where the server says one.
        field: Option<String>,
    },
    /// Nobody knows: the connection broke, or the time ran out.
    Unanswered,
}

/// A document as the sink holds it.
#[derive(Clone, Debug)]
pub struct StoredDocument {
    /// External version that it was written with.
    pub version: u64,
    /// Its source, as bytes of JSON.
    pub json: Vec<u8>,
}

/// Shows whether a shard's tombstones may have been lost: its primary's term and allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMarks(pub BTreeMap<u32, (u64, String)>);

/// Names of the sinks that an index goes to.
pub fn sinks_of(index: &IndexPlan) -> Vec<String> {
    match index.sinks.is_empty() {
        true => vec![StdoutSink::DEFAULT_NAME.to_owned()],
        false => index.sinks.clone(),
    }
}
