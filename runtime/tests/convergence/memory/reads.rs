//! The source's documents: each call reads one snapshot.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::state::CatalogRecord;

use super::calls::Call;
use super::plan::position_of;
use super::tables::{Table, Tables, id_of, key_of, root_of};
use super::world::Session;
use flusso_runtime::documents::{Built, Documents, Key, Selection, Snapshot};
use flusso_runtime::drift::{moved_names, moved_reading};
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::progress::ProgressEvent;
use flusso_runtime::source::{Aftermath, DocumentBuilder, ResolveRequest, Resolved};

#[derive(Debug)]
pub(super) struct MemoryDocuments {
    session: Session,
    records: OnceLock<BTreeMap<String, CatalogRecord>>,
}

impl MemoryDocuments {
    pub(super) fn new(session: Session) -> Self {
        Self { session, records: OnceLock::new() }
    }

    async fn reach(&self, call: Call) -> Result<()> {
        self.session.process.reach(call).await?;
        self.session.check()
    }

    /// A snapshot that sees these transactions. Waits for them, and for a table that is locked. An error
    /// where the index's names do not stand for what was recorded.
    async fn snapshot(&self, index: &IndexPlan, must_see: &[u32]) -> Result<(Arc<Tables>, Snapshot)> {
        let record = self.records.get().and_then(|records| records.get(&index.name));
        let began = Instant::now();
        let mut said = false;
        let progress = self.session.options.progress.clone();
        let taken = self.session.world.wait(|inner| {
            if self.session.is_lost(inner) {
                return Some(Err(()));
            }
            if let Some(xid) = inner.first_unseen(must_see) {
                if !said {
                    progress.event(ProgressEvent::Waiting { what: format!("for transaction {xid}") });
                }
                said = true;
                return None;
            }
            if Table::ALL.iter().any(|table| inner.is_locked(*table, None)) {
                return None;
            }
            let snapshot = Snapshot {
                lsn: inner.insert,
                source_clock_us: inner.clock.as_micros().try_into().unwrap_or(i64::MAX),
                began,
                file_nodes: inner.visible.file_nodes(),
            };
            let now = inner.catalog_record(position_of(index));
            let moved = record.map(|record| moved_names(record, &now)).unwrap_or_default();
            Some(Ok((inner.named(), snapshot, moved)))
        });
        match taken.await {
            Ok((tables, snapshot, moved)) if moved.is_empty() => Ok((tables, snapshot)),
            Ok((_, _, differences)) => Err(Error::new(
                ErrorKind::CatalogMoved,
                format!("index `{}`: {}", index.name, moved_reading(&differences)),
            )),
            Err(()) => self.session.check().map(|()| unreachable!("a session does not come back")),
        }
    }

    fn bounded(&self, rows: usize, most: Option<usize>) -> Result<()> {
        match most {
            Some(most) if rows > most => {
                Err(Error::new(ErrorKind::TooMuch, "more at once than a test allows"))
            }
            _ => Ok(()),
        }
    }

    fn selected(&self, tables: &Tables, index: &IndexPlan, selection: &Selection) -> Vec<u64> {
        match selection {
            Selection::Keys(keys) => keys.iter().map(id_of).collect(),
            Selection::Range { after, up_to } => {
                let after = after.as_ref().map_or(0, id_of);
                let up_to = up_to.as_ref().map_or(u64::MAX, id_of);
                let ids = tables.ids(root_of(position_of(index)));
                ids.filter(|id| *id > after && *id <= up_to).collect()
            }
        }
    }
}

#[async_trait]
impl DocumentBuilder for MemoryDocuments {
    fn rely_on(&self, records: BTreeMap<String, CatalogRecord>) -> Result<()> {
        self.records.set(records).expect("a session begins once");
        Ok(())
    }

    async fn resolve(&self, request: ResolveRequest<'_>) -> Result<Resolved> {
        self.reach(Call::Resolve).await?;
        let (tables, snapshot) = self.snapshot(request.index, request.must_see).await?;
        self.bounded(request.keys.len(), self.session.world.read(|inner| inner.resolve_max))?;
        let found = tables.resolve(position_of(request.index), request.edge, request.keys);
        let after = request.after.map_or(0, id_of);
        let keys = found.into_iter().filter(|id| *id > after).take(request.limit).map(key_of).collect();
        self.reach(Call::ResolveDone).await?;
        Ok(Resolved { keys, snapshot })
    }

    async fn build(&self, index: &IndexPlan, selection: &Selection, must_see: &[u32]) -> Result<Built> {
        self.reach(Call::Build).await?;
        let (tables, snapshot) = self.snapshot(index, must_see).await?;
        let ids = self.selected(&tables, index, selection);
        self.bounded(ids.len(), self.session.world.read(|inner| inner.build_max))?;
        let mut documents = Documents::default();
        let mut missing = Vec::new();
        for id in ids {
            match tables.document(position_of(index), id) {
                Some(json) => documents.push(key_of(id), &json),
                None if matches!(selection, Selection::Keys(_)) => missing.push(key_of(id)),
                None => {}
            }
        }
        self.reach(Call::BuildDone).await?;
        Ok(Built { documents, missing, snapshot })
    }

    async fn keys(&self, index: &IndexPlan, selection: &Selection) -> Result<(Vec<Key>, Snapshot)> {
        self.reach(Call::Keys).await?;
        let (tables, snapshot) = self.snapshot(index, &[]).await?;
        let has_document = |id: &u64| tables.document(position_of(index), *id).is_some();
        let ids = self.selected(&tables, index, selection).into_iter().filter(has_document);
        Ok((ids.map(key_of).collect(), snapshot))
    }

    async fn bound(&self, index: &IndexPlan, after: Option<&Key>, rows: u64) -> Result<Option<Key>> {
        self.reach(Call::Bound).await?;
        let (tables, _) = self.snapshot(index, &[]).await?;
        let after = after.map_or(0, id_of);
        let nth = usize::try_from(rows - 1).expect("a chunk's rows fit");
        Ok(tables.ids(root_of(position_of(index))).filter(|id| *id > after).nth(nth).map(key_of))
    }

    async fn aftermath(&self, snapshot: &Snapshot) -> Result<Aftermath> {
        self.reach(Call::Aftermath).await?;
        Ok(self.session.world.read(|inner| {
            let now = inner.visible.file_nodes();
            let changed = now.into_iter().filter(|node| !snapshot.file_nodes.contains(node));
            let began = Duration::from_micros(snapshot.source_clock_us.unsigned_abs());
            Aftermath {
                age: inner.clock.saturating_sub(began),
                rewritten: changed.map(|(table, _)| table).collect(),
            }
        }))
    }
}
