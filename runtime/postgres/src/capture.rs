//! Everything that is asked of the primary but documents, over connections of one session.

use std::sync::Arc;

use async_trait::async_trait;
use flusso_runtime::backends::RunOptions;
use flusso_runtime::source::{ChangeCapture, ChangeStream, Provisioned, SlotStatus, SourceIdentity};
use flusso_runtime::{Error, ErrorKind, Lsn, Result};
use flusso_schemas::lock::{IndexPlan, Lock, SourcePlan};
use flusso_schemas::report::{Finding, SourceChange};
use flusso_schemas::state::CatalogRecord;

use crate::connect::ConnectPlan;
use crate::facts::cell;
use crate::record::{self, settled};
use crate::replication::{self, StreamRequest};
use crate::session::{Bond, Session, connect};
use crate::{gate, login, preflight, provision, publication, slot, system};

/// One session's view of a primary.
///
/// What is one statement runs in the session's first connection, so that positions are read in one
/// that was there before what they are compared with; what takes several has a connection of its own.
#[derive(Debug)]
pub struct PostgresCapture {
    connect: ConnectPlan,
    bond: Bond,
    control: Arc<Session>,
    source: SourcePlan,
    options: RunOptions,
}

impl PostgresCapture {
    /// Opens the session's first connection.
    ///
    /// An error is [`ErrorKind::Unreachable`].
    pub async fn new(
        plan: &Lock,
        connecting: &ConnectPlan,
        bond: &Bond,
        options: &RunOptions,
    ) -> Result<Self> {
        let control = Arc::new(connect(connecting, "control", bond).await?);
        let (connect, bond) = (connecting.clone(), bond.clone());
        Ok(Self { connect, bond, control, source: plan.source.clone(), options: options.clone() })
    }

    /// An error where this server or role can never be followed, before a walsender says so in words that name no
    /// remedy: [`ErrorKind::Findings`], or [`ErrorKind::Unreachable`] for a standby.
    pub(crate) async fn judge(&self, plan: &Lock) -> Result<()> {
        login::judge(&self.control, plan).await
    }

    async fn session(&self, purpose: &str) -> Result<Session> {
        self.bond.check()?;
        connect(&self.connect, purpose, &self.bond).await
    }

    async fn position(&self, statement: &str) -> Result<Lsn> {
        self.bond.check()?;
        let what = "reading the log's position";
        let text: String = cell(&self.control.query_one(what, statement, &[]).await?, 0)?;
        text.parse().map_err(|_| Error::new(ErrorKind::Internal, format!("invalid LSN `{text}`")))
    }
}

#[async_trait]
impl ChangeCapture for PostgresCapture {
    async fn preflight(&self, plan: &Lock) -> Result<Vec<Finding>> {
        preflight::findings(&self.session("preflight").await?, plan).await
    }

    async fn identity(&self) -> Result<SourceIdentity> {
        self.bond.check()?;
        let system = system::identity(&self.control).await?;
        let insert_position = self.insert_position().await?;
        Ok(SourceIdentity {
            system_identifier: system.identifier,
            timeline: system.timeline,
            database: system.database,
            database_oid: system.database_oid,
            insert_position,
        })
    }

    async fn provision_plan(&self, plan: &Lock) -> Result<Vec<SourceChange>> {
        provision::changes(&self.session("provision").await?, plan).await
    }

    async fn provision(&self, plan: &Lock) -> Result<Provisioned> {
        provision::provision(&self.session("provision").await?, plan, &self.options, &self.bond).await
    }

    async fn publication(&self) -> Result<Option<u32>> {
        publication::oid(&self.control, &self.source.publication).await
    }

    async fn slot(&self) -> Result<Option<SlotStatus>> {
        slot::status(&self.control, &self.source.slot).await
    }

    async fn create_slot(&self) -> Result<Lsn> {
        let mut maker = self.session("slot").await?;
        slot::create(&mut maker, &self.control, &self.source.slot, &self.options, &self.bond).await
    }

    async fn drop_slot(&self) -> Result<()> {
        slot::drop_slot(&self.session("slot").await?, &self.source.slot, &self.options, &self.bond).await
    }

    async fn gate(&self) -> Result<()> {
        gate::pass(&self.session("gate").await?, &self.options, &self.bond).await
    }

    async fn stream(&self, plan: &Lock) -> Result<Box<dyn ChangeStream>> {
        let (connect, bond, options) = (&self.connect, &self.bond, &self.options);
        replication::open(StreamRequest { plan, connect, bond, observer: Arc::clone(&self.control), options })
            .await
    }

    async fn durable_position(&self) -> Result<Lsn> {
        self.position("select pg_current_wal_flush_lsn()::text").await
    }

    async fn insert_position(&self) -> Result<Lsn> {
        self.position("select pg_current_wal_insert_lsn()::text").await
    }

    async fn heartbeat(&self) -> Result<()> {
        self.position("select pg_logical_emit_message(true, 'flusso', '')::text").await.map(drop)
    }

    async fn catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord> {
        record::catalog_record(&self.control, &self.source.publication, index).await
    }

    async fn settled_catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord> {
        let session = self.session("record").await?;
        settled::catalog_record(&session, &self.source.publication, index, &self.options, &self.bond).await
    }

    async fn rows_estimated(&self, index: &IndexPlan) -> Result<Option<u64>> {
        record::rows_estimated(&self.control, index).await
    }
}
