//! The source's capture: slot, publication, positions.

use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::lsn::Lsn;
use flusso_schemas::report::{Finding, SourceChange};
use flusso_schemas::state::CatalogRecord;
use tokio::time::timeout;

use super::calls::Call;
use super::plan::position_of;
use super::stream::MemoryStream;
use super::tables::root_of;
use super::world::{Session, Slot};
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::source::{ChangeCapture, ChangeStream, Provisioned, SlotStatus, SourceIdentity};

/// The publication's oid when it is made first.
const PUBLICATION_OID: u32 = 16_400;
/// Bytes of the log that making something takes.
const RECORD_BYTES: u64 = 24;

#[derive(Debug)]
pub(super) struct MemoryCapture {
    session: Session,
}

impl MemoryCapture {
    pub(super) fn new(session: Session) -> Self {
        Self { session }
    }

    async fn reach(&self, call: Call) -> Result<()> {
        self.session.process.reach(call).await?;
        self.session.check()
    }

    fn write_record(&self) {
        self.session.world.with(|inner| {
            inner.insert = Lsn(inner.insert.0 + RECORD_BYTES);
            inner.flush = inner.insert;
        });
    }
}

#[async_trait]
impl ChangeCapture for MemoryCapture {
    async fn preflight(&self, _plan: &Lock) -> Result<Vec<Finding>> {
        self.session.check()?;
        Ok(Vec::new())
    }

    async fn identity(&self) -> Result<SourceIdentity> {
        self.reach(Call::Insert).await?;
        Ok(self.session.world.read(|inner| SourceIdentity {
            system_identifier: inner.system_identifier.clone(),
            timeline: 1,
            database: inner.database.0.clone(),
            database_oid: inner.database.1,
            insert_position: inner.insert,
        }))
    }

    async fn provision_plan(&self, _plan: &Lock) -> Result<Vec<SourceChange>> {
        self.session.check()?;
        Ok(Vec::new())
    }

    async fn provision(&self, _plan: &Lock) -> Result<Provisioned> {
        self.reach(Call::Provision).await?;
        if self.session.world.read(|inner| inner.publication).is_none() {
            self.session.world.with(|inner| inner.publication = Some(PUBLICATION_OID));
            self.write_record();
        }
        let publication_oid = self.session.world.read(|inner| inner.publication).expect("it was made");
        Ok(Provisioned { publication_oid })
    }

    async fn publication(&self) -> Result<Option<u32>> {
        self.session.check()?;
        Ok(self.session.world.read(|inner| inner.publication))
    }

    async fn slot(&self) -> Result<Option<SlotStatus>> {
        self.reach(Call::Slot).await?;
        Ok(self.session.world.read(|inner| {
            inner.slot.as_ref().map(|slot| SlotStatus {
                ours: slot.foreign.clone().map_or(Ok(()), Err),
                elsewhere: slot.elsewhere.clone(),
                confirmed: Some(slot.confirmed),
                lost: false,
                active: slot.holder.as_ref().map(|(id, _)| format!("session {id}")),
            })
        }))
    }

    async fn create_slot(&self) -> Result<Lsn> {
        self.reach(Call::CreateSlot).await?;
        self.write_record();
        let confirmed = self.session.world.with(|inner| {
            inner.slot = Some(Slot { confirmed: inner.insert, foreign: None, elsewhere: None, holder: None });
            inner.insert
        });
        self.reach(Call::CreateSlotDone).await?;
        Ok(confirmed)
    }

    async fn drop_slot(&self) -> Result<()> {
        self.session.check()?;
        self.session.world.with(|inner| inner.slot = None);
        Ok(())
    }

    async fn gate(&self) -> Result<()> {
        self.reach(Call::Gate).await?;
        let before = self.session.world.read(|inner| inner.writers.clone());
        let ended = self.session.world.wait(|inner| before.is_disjoint(&inner.writers).then_some(()));
        let busy = |_| Error::new(ErrorKind::Busy, "a writer that began before does not end");
        timeout(self.session.options.gate_wait, ended).await.map_err(busy)
    }

    async fn stream(&self, _plan: &Lock) -> Result<Box<dyn ChangeStream>> {
        self.reach(Call::Stream).await?;
        let (id, process) = (self.session.id, self.session.process.clone());
        let acquired = self.session.world.wait(|inner| {
            let slot = inner.slot.as_mut()?;
            if slot.holder.as_ref().is_some_and(|(_, holder)| !holder.is_killed()) {
                return None;
            }
            slot.holder = Some((id, process.clone()));
            Some(slot.confirmed)
        });
        let busy = |_| Error::new(ErrorKind::Busy, "someone else holds the slot");
        let from = timeout(self.session.options.slot_wait, acquired).await.map_err(busy)?;
        Ok(Box::new(MemoryStream::new(self.session.clone(), from)))
    }

    async fn durable_position(&self) -> Result<Lsn> {
        self.reach(Call::Durable).await?;
        Ok(self.session.world.read(|inner| inner.flush))
    }

    async fn insert_position(&self) -> Result<Lsn> {
        self.reach(Call::Insert).await?;
        Ok(self.session.world.read(|inner| inner.insert))
    }

    async fn heartbeat(&self) -> Result<()> {
        self.reach(Call::Heartbeat).await?;
        self.write_record();
        Ok(())
    }

    async fn catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord> {
        self.reach(Call::Catalog).await?;
        let position = position_of(index);
        Ok(self.session.world.read(|inner| inner.catalog_record(position)))
    }

    async fn settled_catalog_record(&self, index: &IndexPlan) -> Result<CatalogRecord> {
        self.catalog_record(index).await
    }

    async fn rows_estimated(&self, index: &IndexPlan) -> Result<Option<u64>> {
        self.session.check()?;
        let root = root_of(position_of(index));
        Ok(Some(self.session.world.read(|inner| inner.visible.ids(root).count() as u64)))
    }
}

/// Whether the session still holds the slot.
#[derive(Debug)]
pub(super) struct MemoryLease(pub Arc<Session>);

impl flusso_runtime::source::Lease for MemoryLease {
    fn check(&self) -> Result<()> {
        self.0.check()?;
        let holder = self.0.world.read(|inner| inner.slot.as_ref().and_then(|slot| slot.holder.clone()));
        match holder {
            Some((id, _)) if id == self.0.id => Ok(()),
            _ => Err(Error::new(ErrorKind::ConnectionLost, "the slot is no longer held")),
        }
    }
}
