//! capture -> resolve -> build -> write -> flush -> confirm, and nothing else.
//!
//! Rule *deadline* of docs/correctness.md.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{Confirmed, Picked, StaleMark};
use futures_util::future::try_join_all;
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

use crate::backends::SourceParts;
use crate::documents::{Key, Selection, halves};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_KEYS_MAX, RESOLVE_PAGE_KEYS, WRITE_DEADLINE};
use crate::progress::{Progress, ProgressEvent, Shutdown};
use crate::session::batch::{Assembly, Batch, Lost, Truncated};
use crate::session::confirm::Confirming;
use crate::session::history::History;
use crate::session::stale::{self, Unread};
use crate::session::state::SinkState;
use crate::session::writer::Writer;
use crate::session::{Target, Targets};
use crate::source::{ChangeStream, Event, ResolveRequest, TransactionStart};

/// How often an unanswered write is rebuilt and resent before the session restarts.
const UNANSWERED_ROUNDS_MAX: usize = 3;

/// Follows one session's stream.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub targets: Targets,
    pub source: SourceParts,
    /// Writes to the sinks.
    pub writer: Arc<Writer>,
    /// Where confirmed positions are recorded first.
    pub states: Arc<Vec<SinkState>>,
    /// For which generations a lost change is none.
    pub unread: Unread,
    /// What the stream brings again.
    pub history: History,
    /// By which rules its changes are picked.
    pub picked: Picked,
    /// Tells others of this run that the log is the one that was followed.
    pub is_past: watch::Sender<bool>,
    /// Tells others of this run what is confirmed.
    pub confirmed: watch::Sender<Confirmed>,
    /// Who hears what happens.
    pub progress: Arc<dyn Progress>,
    /// Ends it at the next safe point, after a last confirm.
    pub stop: Shutdown,
}

/// What came of a piece of work.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    documents: u64,
    deletes: u64,
    /// The highest position that its snapshots saw, those of resolve too.
    snapshot_lsn: Lsn,
}

impl Work {
    fn and(self, other: Self) -> Self {
        Self {
            documents: self.documents + other.documents,
            deletes: self.deletes + other.deletes,
            snapshot_lsn: self.snapshot_lsn.max(other.snapshot_lsn),
        }
    }
}

/// The transactions a piece of work belongs to.
#[derive(Clone, Copy, Debug)]
struct Origin<'a> {
    commit: Lsn,
    must_see: &'a [u32],
    /// The first one after what is confirmed.
    first: Option<TransactionStart>,
    /// Set once every state holds that one as written.
    marked: &'a OnceCell<()>,
}

impl Pipeline {
    /// Follows until it is asked to stop or something breaks.
    pub(crate) async fn run(mut self, mut stream: Box<dyn ChangeStream>) -> Result<()> {
        let mut assembly = Assembly::default();
        let mut confirming = Confirming { pending: None, first: None, last: Instant::now() };
        while let Some(batch) = self.next_batch(&mut stream, &mut assembly, &mut confirming).await? {
            confirming.first = confirming.first.or(batch.first);
            let snapshot_lsn = self.work_on(&batch, confirming.first).await?;
            self.remember(&mut confirming, &batch, snapshot_lsn);
            if confirming.pending.as_ref().is_some_and(|pending| pending.due <= Instant::now()) {
                self.confirm(&*stream, &mut confirming).await?;
            }
        }
        self.confirm(&*stream, &mut confirming).await
    }

    /// The next batch; `None` once a stop is requested. Confirms what is due while nothing comes.
    async fn next_batch(
        &mut self,
        stream: &mut Box<dyn ChangeStream>,
        assembly: &mut Assembly,
        confirming: &mut Confirming,
    ) -> Result<Option<Batch>> {
        let mut batch = assembly.begin();
        loop {
            let pending = confirming.pending.as_ref().filter(|pending| self.is_new(pending));
            let due = pending.map(|pending| pending.due);
            tokio::select! {
                biased;
                () = self.stop.requested() => return Ok(None),
                event = stream.next() => {
                    // Compare with what was confirmed before working on it.
                    if let Some(news) = self.news(event?)? {
                        assembly.take(&mut batch, news)?;
                        break;
                    }
                }
                () = at(due) => self.confirm(&**stream, confirming).await?,
            }
        }
        while !batch.is_full() {
            match stream.try_next()? {
                Some(event) => {
                    if let Some(news) = self.news(event)? {
                        assembly.take(&mut batch, news)?;
                    }
                }
                None => break,
            }
        }
        Ok(Some(batch))
    }

    /// An event that was not confirmed before.
    fn news(&mut self, event: Event) -> Result<Option<Event>> {
        let news = self.history.news(event)?;
        if self.history.is_past() && !*self.is_past.borrow() {
            self.is_past.send_replace(true);
        }
        Ok(news)
    }

    /// Everything a batch means: documents written and durable in every sink. Returns the highest position that its snapshots saw.
    async fn work_on(&self, batch: &Batch, first: Option<TransactionStart>) -> Result<Lsn> {
        if batch.is_empty() {
            return Ok(Lsn::ZERO);
        }
        self.stop_for_lost(batch).await?;
        let marked = &OnceCell::new();
        let origin = Origin { commit: batch.commit, must_see: &batch.must_see, first, marked };
        let dirty = batch.by_index();
        let fed = dirty.iter().filter(|(index, _)| self.targets.of(**index).next().is_some());
        let works = try_join_all(fed.map(|(index, edges)| self.follow_edges(*index, edges, origin))).await?;
        let mut work = works.into_iter().fold(Work::default(), Work::and);
        if let Some(truncated) = &batch.truncated {
            work = work.and(self.rebuild_suspects(truncated, origin).await?);
        }
        self.progress.event(ProgressEvent::Followed { documents: work.documents, deletes: work.deletes });
        Ok(work.snapshot_lsn)
    }

    /// Marks every generation that a change is lost for, then stops: nothing of the batch is confirmed.
    async fn stop_for_lost(&self, batch: &Batch) -> Result<()> {
        let mut stopped = Ok(());
        for lost in &batch.lost {
            let targets = lost.indexes.iter().flat_map(|index| self.targets.of(*index));
            for target in targets.filter(|target| !self.unread.covers(target, lost.since)) {
                let Lost { since, cause, reason, .. } = lost;
                let mark = StaleMark { since: *since, cause: *cause, reason: reason.clone() };
                let error = stale::mark(&self.states, &target.generation, mark).await?;
                stopped = stopped.and(Err(error));
            }
        }
        stopped
    }

    /// From one index's changed rows to its documents, in pages.
    async fn follow_edges(
        &self,
        index: usize,
        edges: &BTreeMap<usize, Vec<Key>>,
        origin: Origin<'_>,
    ) -> Result<Work> {
        let plan = self.targets.index(index);
        let targets: Vec<&Target> = self.targets.of(index).collect();
        let (mut dirty, mut work) = (Vec::new(), Work::default());
        for (&edge, keys) in edges {
            if plan.edges[edge].resolve.is_none() {
                dirty.extend(keys.iter().cloned());
                continue;
            }
            let mut todo = vec![keys.clone()];
            while let Some(keys) = todo.pop() {
                match self.follow_edge(index, &targets, edge, &keys, &mut dirty, origin).await {
                    Ok(done) => work = work.and(done),
                    Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(halves(keys, error)?),
                    Err(error) => return Err(error),
                }
            }
        }
        work = work.and(self.rebuild(index, &targets, dirty, origin).await?);
        self.flush(&targets).await?;
        Ok(work)
    }

    /// From navigation values of one edge to root keys, in pages; what makes a batch is written at once, the
    /// rest stays in `dirty`. [`ErrorKind::TooMuch`] if fewer values have to be requested.
    async fn follow_edge(
        &self,
        index: usize,
        targets: &[&Target],
        edge: usize,
        keys: &[Key],
        dirty: &mut Vec<Key>,
        origin: Origin<'_>,
    ) -> Result<Work> {
        let (plan, limit, must_see) = (self.targets.index(index), RESOLVE_PAGE_KEYS, origin.must_see);
        let (mut after, mut work): (Option<Key>, _) = (None, Work::default());
        loop {
            let request = ResolveRequest { index: plan, edge, keys, after: after.as_ref(), limit, must_see };
            let page = self.source.documents.resolve(request).await?;
            work.snapshot_lsn = work.snapshot_lsn.max(page.snapshot.lsn);
            let is_last = page.keys.len() < limit;
            after = page.keys.last().cloned();
            dirty.extend(page.keys);
            if dirty.len() >= BATCH_KEYS_MAX {
                work = work.and(self.rebuild(index, targets, std::mem::take(dirty), origin).await?);
            }
            if is_last {
                return Ok(work);
            }
        }
    }

    /// Builds keys and writes them to targets of their index, a bounded number at once.
    async fn rebuild(
        &self,
        index: usize,
        targets: &[&Target],
        mut keys: Vec<Key>,
        origin: Origin<'_>,
    ) -> Result<Work> {
        keys.sort_unstable();
        keys.dedup();
        let mut work = Work::default();
        let mut rounds = 0;
        let mut todo: Vec<Vec<Key>> = keys.chunks(BATCH_KEYS_MAX).map(<[Key]>::to_vec).collect();
        while let Some(keys) = todo.pop() {
            let selection = Selection::Keys(keys.clone());
            match self.build_and_write(index, targets, &selection, origin).await {
                Ok((done, unanswered)) => {
                    work = work.and(done);
                    if !unanswered.is_empty() {
                        rounds += 1;
                        give_up_after(rounds)?;
                        todo.push(unanswered);
                    }
                }
                Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(halves(keys, error)?),
                Err(error) => return Err(error),
            }
        }
        Ok(work)
    }

    /// One snapshot's documents, written to each target. Also returns the keys to build again: nobody
    /// answered for them, or the answer came after the deadline.
    async fn build_and_write(
        &self,
        index: usize,
        targets: &[&Target],
        selection: &Selection,
        origin: Origin<'_>,
    ) -> Result<(Work, Vec<Key>)> {
        let plan = self.targets.index(index);
        let reading = self.source.documents.build(plan, selection, origin.must_see);
        // At the same time, so that a single change waits for the slower of the two only. A reading that fails
        // does not end the other half way: a state that is written without an answer is another runner's.
        let (built, marked) = tokio::join!(reading, self.mark_written(origin));
        marked?;
        let built = built?;
        let writes = targets
            .iter()
            .map(|target| self.writer.write_event(plan, &target.generation, &built, origin.commit));
        let mut work = Work { snapshot_lsn: built.snapshot.lsn, ..Work::default() };
        let mut again = Vec::new();
        for outcome in try_join_all(writes).await? {
            work.documents += outcome.documents;
            work.deletes += outcome.deletes;
            again.extend(outcome.unanswered);
        }
        let aftermath = self.source.documents.aftermath(&built.snapshot).await?;
        if aftermath.age > WRITE_DEADLINE {
            again = built.keys().cloned().collect();
        }
        Ok((work, again))
    }

    /// Every state knows the first transaction after what is confirmed before anything is sent. The first of
    /// all, though nothing may have come of it: it is what a stream from there begins with.
    async fn mark_written(&self, origin: Origin<'_>) -> Result<()> {
        let mark = || async {
            let Some(first) = origin.first else { return Ok(()) };
            try_join_all(self.states.iter().map(|state| state.mark_written(first, &self.picked)))
                .await
                .map(drop)
        };
        origin.marked.get_or_try_init(mark).await.copied()
    }

    /// Rule *truncate*: every document of the indexes is built again. Nothing has to be recorded meanwhile: the batch
    /// is not confirmed before, so a runner that dies is sent the `TRUNCATE` again.
    async fn rebuild_suspects(&self, truncated: &Truncated, origin: Origin<'_>) -> Result<Work> {
        let mut work = Work::default();
        for &index in &truncated.indexes {
            let targets: Vec<&Target> = self.targets.of(index).collect();
            if !targets.is_empty() {
                work = work.and(self.see(index, origin).await?);
            }
            for target in targets {
                work = work.and(self.rebuild_all(index, target, origin).await?);
                self.flush(&[target]).await?;
            }
        }
        Ok(work)
    }

    /// Returns once the truncation is visible: a chunk that is answered after the listing then finds its
    /// table in another file, and one that is answered before is in the listing.
    async fn see(&self, index: usize, origin: Origin<'_>) -> Result<Work> {
        let nothing = Selection::Keys(Vec::new());
        let seen = self.source.documents.build(self.targets.index(index), &nothing, origin.must_see).await?;
        Ok(Work { snapshot_lsn: seen.snapshot.lsn, ..Work::default() })
    }

    async fn rebuild_all(&self, index: usize, target: &Target, origin: Origin<'_>) -> Result<Work> {
        let sink = self.writer.sink();
        let arity = self.targets.index(index).key.len();
        sink.refresh(&target.generation).await?;
        let mut work = Work::default();
        let mut after: Option<String> = None;
        loop {
            let ids = sink.ids_page(&target.generation, after.as_deref()).await?;
            let Some(last) = ids.last() else { return Ok(work) };
            after = Some(last.clone());
            let keys = ids.iter().filter_map(|id| Key::from_document_id(id, arity)).collect();
            work = work.and(self.rebuild(index, &[target], keys, origin).await?);
        }
    }

    async fn flush(&self, targets: &[&Target]) -> Result<()> {
        let sink = self.writer.sink();
        try_join_all(targets.iter().map(|target| sink.flush(&target.generation))).await?;
        Ok(())
    }
}

/// Ends at that instant; never where there is none.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn give_up_after(rounds: usize) -> Result<()> {
    if rounds <= UNANSWERED_ROUNDS_MAX {
        return Ok(());
    }
    let message = format!("the sink did not answer {rounds} attempts at a batch");
    Err(Error::new(ErrorKind::Unanswered, message))
}
