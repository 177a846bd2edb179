//! Reading transactions until one counts: locks and transactions that are not visible are waited for.
//!
//! Rule *reading-transaction* of docs/correctness.md.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use flusso_runtime::backends::RunOptions;
use flusso_runtime::documents::{Key, Snapshot};
use flusso_runtime::error::Result;
use flusso_runtime::progress::{Progress, ProgressEvent, Shutdown};
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::name::TableName;
use flusso_schemas::state::CatalogRecord;
use tokio::time::{Instant, sleep};

use super::condition::first_that_fails;
use super::fault::Fault;
use super::field::{Suspects, condition_fails};
use super::pool::{Pool, Reader};
use super::relied::RecordedNames;
use super::seen::{self, Seen};
use super::sources::Sources;
use super::transaction::{Reading, TakeRows, attempt, prepare_seen};
use crate::connect::ConnectPlan;
use crate::session::Bond;

/// Longest wait for tables that someone has locked.
const LOCK_WAIT: Duration = Duration::from_secs(30);
/// Pause before a locked table is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// First pause before the snapshot is looked at again; doubled up to [`UNSEEN_PAUSE_MAX`].
const UNSEEN_PAUSE_FIRST: Duration = Duration::from_millis(5);
/// Longest pause between two polls of the snapshot. At this pause the wait is reported.
const UNSEEN_PAUSE_MAX: Duration = Duration::from_millis(100);

/// The connections that documents are read in, and whoever hears of waiting.
#[derive(Debug)]
pub(super) struct Reads {
    pool: Pool,
    progress: Arc<dyn Progress>,
    shutdown: Shutdown,
    /// The recorded names of each index.
    relied: OnceLock<BTreeMap<String, RecordedNames>>,
}

impl Reads {
    /// Opens one connection more than there are readers.
    pub(super) async fn open(plan: &ConnectPlan, bond: &Bond, options: &RunOptions) -> Result<Self> {
        let pool = Pool::open(plan, bond, options.readers.max(1) + 1).await?;
        Ok(Self {
            pool,
            progress: Arc::clone(&options.progress),
            shutdown: options.shutdown.clone(),
            relied: OnceLock::new(),
        })
    }

    /// From now on the names of each index must resolve to what was recorded.
    pub(super) fn rely_on(&self, records: BTreeMap<String, CatalogRecord>) -> Result<()> {
        let relied = records.into_iter().map(|(index, record)| Ok((index, RecordedNames::of(record)?)));
        self.relied.set(relied.collect::<Result<_>>()?).expect("a session begins once");
        Ok(())
    }

    /// One reading transaction that counts.
    pub(super) async fn read(
        &self,
        sources: &Sources<'_>,
        reading: &Reading<'_>,
        rows: &mut impl TakeRows,
    ) -> Result<Snapshot, Fault> {
        let mut lent = self.pool.reader().await?;
        let reader = lent.get();
        let relied = self.relied.get().and_then(|relied| relied.get(&sources.index.name));
        let result = match self.patiently(reading, relied, reader, rows).await {
            Err(fault @ Fault::Query { .. }) => Err(sources.judge(reader, reading, fault).await),
            other => other,
        };
        self.pool.unless_severed(result)
    }

    async fn patiently(
        &self,
        reading: &Reading<'_>,
        relied: Option<&RecordedNames>,
        reader: &mut Reader,
        rows: &mut impl TakeRows,
    ) -> Result<Snapshot, Fault> {
        let began = Instant::now();
        loop {
            rows.clear();
            let result = match attempt(reader, reading, relied, rows).await {
                Err(Fault::Unseen(_)) => match self.until_seen(reader, reading.must_see).await {
                    Ok(()) => continue,
                    Err(fault) => Err(fault),
                },
                other => other,
            };
            match result {
                Err(Fault::Cancelled) if reader.take_late_cancel() => {}
                Err(Fault::Shifted) if began.elapsed() < LOCK_WAIT => self.pause(LOCK_PAUSE).await?,
                Err(Fault::Locked) if began.elapsed() < LOCK_WAIT => {
                    self.waiting(format!("for a lock on one of {}", reading.table_names()));
                    self.pause(LOCK_PAUSE).await?;
                }
                other => return other,
            }
        }
    }

    /// Looks at the snapshot alone until it sees all that has to be visible: not ready, but alive.
    async fn until_seen(&self, reader: &mut Reader, must_see: &[u32]) -> Result<(), Fault> {
        let statement = prepare_seen(reader).await?;
        let mut pause = UNSEEN_PAUSE_FIRST;
        let mut reported = None;
        loop {
            let seen = seen::see(reader.session(), &statement, &[]).await?;
            let Some(xid) = seen.visible.first_unseen(must_see) else { return Ok(()) };
            if pause == UNSEEN_PAUSE_MAX && reported.replace(xid) != Some(xid) {
                self.waiting(format!("for transaction {xid}"));
            }
            self.pause(pause).await?;
            pause = UNSEEN_PAUSE_MAX.min(pause * 2);
        }
    }

    /// The state of a current snapshot, outside a transaction.
    pub(super) async fn see(&self, tables: &[TableName]) -> Result<Seen, Fault> {
        let mut lent = self.pool.reader().await?;
        let reader = lent.get();
        let looked = match look(reader, tables).await {
            Err(Fault::Cancelled) if reader.take_late_cancel() => look(reader, tables).await,
            other => other,
        };
        self.pool.unless_severed(looked)
    }

    /// The same fault of one document's query, with what of it fails as far as that can be found.
    pub(super) async fn blamed(&self, index: &IndexPlan, key: &Key, fault: Fault) -> Fault {
        let Fault::Query { code, words, statement } = fault else { return fault };
        let Ok(mut lent) = self.pool.reader().await else { return Fault::Row { field: None, words } };
        let reader = lent.get();
        // Else a name of an expression may not be found, and then nothing is.
        let _ = reader.use_search_path(&index.search_path).await;
        let session = reader.session();
        if condition_fails(session, index, key, &code).await {
            return Fault::Condition { key: key.clone(), words };
        }
        let suspects = Suspects::of(index, statement);
        if let Some(field) = suspects.proven(session, key, &code).await {
            return Fault::Row { field: Some(field), words };
        }
        match first_that_fails(session, index, &code).await {
            Some(key) => Fault::Condition { key, words },
            None => Fault::Row { field: suspects.named(), words },
        }
    }

    fn waiting(&self, what: String) {
        self.progress.event(ProgressEvent::Waiting { what });
    }

    async fn pause(&self, time: Duration) -> Result<(), Fault> {
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.shutdown.requested() => Err(Fault::Stopped),
        }
    }
}

async fn look(reader: &mut Reader, tables: &[TableName]) -> Result<Seen, Fault> {
    let statement = prepare_seen(reader).await?;
    seen::see(reader.session(), &statement, tables).await
}
