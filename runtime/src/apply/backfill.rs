//! The first filling of an index, beside the live stream: chunks of the root table in key order, several
//! under way at once, each closed in the state once it is durable everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::KeyRange;
use tokio::task::JoinSet;

use crate::documents::{Key, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::limits::{CHUNK_BYTES_TARGET, CHUNK_ROWS_FIRST, CHUNK_ROWS_MAX, CHUNK_TIME_TARGET};
use crate::progress::ProgressEvent;
use crate::session::confirm::wait_durable;
use crate::session::snapshot_write::{SnapshotWrite, Written};
use crate::session::{Session, Target};

/// One index's backfill into all of its generations that are filling.
#[derive(Clone, Debug)]
pub(super) struct Backfill {
    /// The session it reads and writes through.
    pub session: Arc<Session>,
    /// Position of the index in the plan.
    pub index: usize,
    /// Where it is written to.
    pub targets: Arc<Vec<Target>>,
    /// The position under which it was begun; kept over restarts.
    pub first_position: Lsn,
}

/// A range of keys, `(after, up_to]`.
#[derive(Clone, Debug)]
struct Chunk {
    after: Option<Key>,
    up_to: Option<Key>,
    rows: u64,
}

impl Backfill {
    /// Fills from where the state says it was closed to the last key. Returns the documents written.
    pub(super) async fn run(self) -> Result<u64> {
        let Some(start) = self.start().await? else { return Ok(0) };
        let rows_estimated = self.session.source.capture.rows_estimated(self.plan()).await?;
        let mut chunks = Chunks::new(self.clone(), start);
        let mut documents = 0;
        while let Some((chunk, settled)) = chunks.next().await? {
            failpoint::reach("chunk-written");
            wait_durable(&self.session.source.capture, settled.snapshot_lsn).await?;
            self.close(chunk.up_to).await?;
            failpoint::reach("chunk-closed");
            documents += settled.documents;
            let index = self.plan().name.clone();
            self.session.options.progress.event(ProgressEvent::Backfill { index, documents, rows_estimated });
        }
        Ok(documents)
    }

    fn plan(&self) -> &flusso_schemas::lock::IndexPlan {
        self.session.index(self.index)
    }

    /// Where to go on: after the last key that is closed in every sink. None where all is closed.
    async fn start(&self) -> Result<Option<Option<Key>>> {
        let mut closed: Vec<Option<KeyRange>> = Vec::new();
        for target in self.targets.iter() {
            if let Some(state) = self.session.state_of(target) {
                let own = state.generation(&target.generation.name).await;
                closed.push(own.and_then(|document| document.ranges.into_iter().next()));
            }
        }
        let first = closed.first().cloned().flatten();
        // Sinks at different keys cannot be compared here: keys have no order in this process.
        Ok(match first {
            Some(range) if closed.iter().all(|other| other.as_ref() == Some(&range)) => {
                range.up_to.map(|key| Some(Key(key)))
            }
            _ => Some(None),
        })
    }

    /// Records that everything up to a key is filled and durable.
    async fn close(&self, up_to: Option<Key>) -> Result<()> {
        let range = KeyRange { after: None, up_to: up_to.map(|key| key.0) };
        for target in self.targets.iter() {
            if let Some(state) = self.session.state_of(target) {
                let ranges = vec![range.clone()];
                state.update_generation(&target.generation.name, |document| document.ranges = ranges).await?;
            }
        }
        Ok(())
    }

    /// Fills one chunk, halving it where it is too much for one reading transaction.
    async fn fill(self, chunk: Chunk) -> Result<Written> {
        let write = SnapshotWrite {
            session: &self.session,
            index: self.index,
            targets: &self.targets,
            position: self.first_position,
        };
        let mut todo = vec![chunk];
        let mut settled = Written::default();
        while let Some(chunk) = todo.pop() {
            let selection = Selection::Range { after: chunk.after.clone(), up_to: chunk.up_to.clone() };
            match write.settle(&selection).await {
                Ok(done) => settled = settled.and(done),
                Err(error) if error.kind == ErrorKind::TooMuch && chunk.rows <= 1 => {
                    settled = settled.and(self.by_keys(&write, &selection, error).await?);
                }
                Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(self.halves(chunk).await?),
                Err(error) => return Err(error),
            }
        }
        Ok(settled)
    }

    /// What was made for one row, by the keys that are in it now: rows may have come since, and an error
    /// of one key names it.
    async fn by_keys(&self, write: &SnapshotWrite<'_>, range: &Selection, error: Error) -> Result<Written> {
        let keys = match self.session.source.documents.keys(self.plan(), range).await {
            Ok((keys, _)) => keys,
            // The condition fails for a row of the range, and the error of one key shows which row that is.
            Err(unread) if unread.kind == ErrorKind::TooMuch => self.first_key(range).await?,
            Err(unread) => return Err(unread),
        };
        if keys.is_empty() {
            return Err(error.into_kind(ErrorKind::Rejected));
        }
        write.settle(&Selection::Keys(keys)).await
    }

    /// The key that a range begins with, whether its row is a document or not.
    async fn first_key(&self, range: &Selection) -> Result<Vec<Key>> {
        let Selection::Range { after, .. } = range else { return Ok(Vec::new()) };
        let first = self.session.source.documents.bound(self.plan(), after.as_ref(), 1).await?;
        Ok(first.into_iter().collect())
    }

    /// The back half first, so that the front half is taken first.
    async fn halves(&self, chunk: Chunk) -> Result<Vec<Chunk>> {
        let rows = (chunk.rows / 2).max(1);
        let documents = &self.session.source.documents;
        let middle = documents.bound(self.plan(), chunk.after.as_ref(), rows).await?;
        let Some(middle) = middle.filter(|middle| Some(middle) != chunk.up_to.as_ref()) else {
            // Fewer rows than it was made for are left.
            return Ok(vec![Chunk { rows, ..chunk }]);
        };
        let back = Chunk { after: Some(middle.clone()), rows: (chunk.rows - rows).max(1), ..chunk.clone() };
        Ok(vec![back, Chunk { up_to: Some(middle), rows, ..chunk }])
    }
}

/// Chunks under way at once, handed out in the order of their keys. Dropping it ends them.
struct Chunks {
    backfill: Backfill,
    under_way: JoinSet<Result<(u64, Chunk, Written)>>,
    /// Done before their turn.
    early: BTreeMap<u64, (Chunk, Written)>,
    /// After which key the next chunk begins; none once the last one was begun.
    cursor: Option<Option<Key>>,
    begun: u64,
    returned: u64,
    rows: u64,
}

impl Chunks {
    fn new(backfill: Backfill, start: Option<Key>) -> Self {
        let (under_way, early) = (JoinSet::new(), BTreeMap::new());
        let rows = CHUNK_ROWS_FIRST;
        Self { backfill, under_way, early, cursor: Some(start), begun: 0, returned: 0, rows }
    }

    /// The next chunk in order; none after the last.
    async fn next(&mut self) -> Result<Option<(Chunk, Written)>> {
        loop {
            self.begin_more().await?;
            if let Some(done) = self.early.remove(&self.returned) {
                self.returned += 1;
                return Ok(Some(done));
            }
            let Some(joined) = self.under_way.join_next().await else { return Ok(None) };
            let (number, chunk, settled) = joined.map_err(panicked)??;
            self.rows = next_rows(chunk.rows, &settled);
            self.early.insert(number, (chunk, settled));
        }
    }

    async fn begin_more(&mut self) -> Result<()> {
        let readers = self.backfill.session.options.readers.max(1);
        while self.under_way.len() + self.early.len() < readers {
            let Some(after) = self.cursor.take() else { return Ok(()) };
            let documents = &self.backfill.session.source.documents;
            let up_to = documents.bound(self.backfill.plan(), after.as_ref(), self.rows).await?;
            self.cursor = up_to.clone().map(Some);
            let chunk = Chunk { after, up_to, rows: self.rows };
            let (number, backfill) = (self.begun, self.backfill.clone());
            self.begun += 1;
            self.under_way.spawn(async move {
                let settled = backfill.fill(chunk.clone()).await?;
                Ok((number, chunk, settled))
            });
        }
        Ok(())
    }
}

/// Rows of the next chunk, so that it comes near its target of bytes and time.
fn next_rows(rows: u64, settled: &Written) -> u64 {
    let by_bytes = CHUNK_BYTES_TARGET as f64 / settled.bytes.max(1) as f64;
    let by_time =
        CHUNK_TIME_TARGET.as_secs_f64() / settled.reading.max(Duration::from_micros(1)).as_secs_f64();
    let factor = by_bytes.min(by_time).clamp(0.25, 4.0);
    ((rows as f64 * factor) as u64).clamp(1, CHUNK_ROWS_MAX)
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Internal, "a chunk's task ended before its time").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_grow_towards_their_target_and_shrink_when_slow() {
        let settled = |bytes, ms| Written { bytes, reading: Duration::from_millis(ms), ..Written::default() };
        assert_eq!(next_rows(500, &settled(1 << 16, 10)), 2_000);
        assert_eq!(next_rows(500, &settled(CHUNK_BYTES_TARGET, 10)), 500);
        assert_eq!(next_rows(500, &settled(1 << 10, 2_000)), 250);
        assert_eq!(next_rows(1, &settled(usize::MAX, 10)), 1);
        assert_eq!(next_rows(CHUNK_ROWS_MAX, &settled(0, 0)), CHUNK_ROWS_MAX);
    }
}
