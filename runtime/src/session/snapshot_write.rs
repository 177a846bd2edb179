//! Writes that no change caused (backfill, repair): versioned below every later change, and rebuilt whenever
//! their outcome is unknown.
//!
//! Rules *eventless-version*, *deadline*, *tombstones* and *truncate* of docs/correctness.md.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use flusso_lints::words::counted;
use flusso_schemas::lsn::Lsn;
use futures_util::future::try_join_all;

use crate::documents::{Key, Selection, halves};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_KEYS_MAX, WRITE_DEADLINE};
use crate::session::{Session, Target};
use crate::sink::ShardMarks;

/// How often unconfirmed keys are rebuilt before the session restarts.
const ATTEMPTS_MAX: usize = 10;

/// A selection of one index, on its way to targets of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotWrite<'a> {
    pub session: &'a Session,
    /// Position of the index in the plan.
    pub index: usize,
    /// Where it is written to.
    pub targets: &'a [Target],
    /// Versions lie below every change after this position.
    pub position: Lsn,
}

/// Counts of documents that are written and durable in every sink.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub documents: u64,
    /// Bytes of their JSON, without what the sink adds.
    pub bytes: usize,
    /// How long reading took.
    pub reading: Duration,
    /// The snapshots that were read.
    pub snapshot_lsn: Lsn,
}

impl Written {
    /// The sums of both, for progress and its rates.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            documents: self.documents + other.documents,
            bytes: self.bytes + other.bytes,
            reading: self.reading + other.reading,
            snapshot_lsn: self.snapshot_lsn.max(other.snapshot_lsn),
        }
    }
}

impl SnapshotWrite<'_> {
    /// Builds and writes a selection until every write is confirmed. [`ErrorKind::TooMuch`] if a range has to
    /// be halved; keys are halved here.
    pub(crate) async fn settle(&self, selection: &Selection) -> Result<Written> {
        let (mut written, mut unconfirmed) = match selection {
            Selection::Keys(keys) => self.by_keys(keys.clone()).await?,
            Selection::Range { .. } => self.once(selection).await?,
        };
        let mut rounds = 0;
        while !unconfirmed.is_empty() {
            rounds += 1;
            if rounds > ATTEMPTS_MAX {
                let message = format!(
                    "{} stayed unconfirmed after {ATTEMPTS_MAX} attempts",
                    counted(unconfirmed.len(), "document")
                );
                return Err(Error::new(ErrorKind::Unanswered, message));
            }
            let (again, still) = self.by_keys(unconfirmed).await?;
            written.snapshot_lsn = written.snapshot_lsn.max(again.snapshot_lsn);
            unconfirmed = still;
        }
        Ok(written)
    }

    /// Builds keys in pages; returns the ones that are still unconfirmed.
    async fn by_keys(&self, keys: Vec<Key>) -> Result<(Written, Vec<Key>)> {
        let mut todo: Vec<Vec<Key>> = keys.chunks(BATCH_KEYS_MAX).map(<[Key]>::to_vec).collect();
        let (mut written, mut unconfirmed) = (Written::default(), Vec::new());
        while let Some(page) = todo.pop() {
            match self.once(&Selection::Keys(page.clone())).await {
                Ok((done, again)) => {
                    written = written.and(done);
                    unconfirmed.extend(again);
                }
                Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(halves(page, error)?),
                Err(error) => return Err(error),
            }
        }
        Ok((written, unconfirmed))
    }

    /// One snapshot's documents, written once. A failed request is never sent again, because it may still
    /// arrive: its keys are built from a new snapshot, whatever has become of their rows. Where tombstones
    /// may be lost, the deadline has passed or a table was rewritten, so are all keys of the snapshot.
    async fn once(&self, selection: &Selection) -> Result<(Written, Vec<Key>)> {
        let Session { source, writer, .. } = self.session;
        let index = self.session.index(self.index);
        let marks_before = self.marks().await?;
        let began = Instant::now();
        let built = source.documents.build(index, selection, &[]).await?;
        let reading = began.elapsed();
        let writes = self
            .targets
            .iter()
            .map(|target| writer.write_eventless(index, &target.generation, &built, self.position));
        let outcomes = try_join_all(writes).await?;
        try_join_all(self.targets.iter().map(|target| writer.sink().flush(&target.generation))).await?;
        let aftermath = source.documents.aftermath(&built.snapshot).await?;
        let holds = aftermath.age <= WRITE_DEADLINE
            && aftermath.rewritten.is_empty()
            && marks_before == self.marks().await?;
        let again: BTreeSet<Key> = match holds {
            true => outcomes.into_iter().flat_map(|outcome| outcome.unanswered).collect(),
            false => built.keys().cloned().collect(),
        };
        let written = Written {
            documents: built.documents.len() as u64,
            bytes: built.documents.bytes(),
            reading,
            snapshot_lsn: built.snapshot.lsn,
        };
        Ok((written, again.into_iter().collect()))
    }

    /// Marks that show whether a tombstone may have been lost meanwhile, of each sink that can lose one.
    async fn marks(&self) -> Result<Vec<ShardMarks>> {
        let kept = self.targets.iter().filter(|target| self.session.state_of(target).is_some());
        try_join_all(kept.map(|target| self.session.writer.sink().shard_marks(&target.generation))).await
    }
}
