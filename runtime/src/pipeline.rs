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
use crate::batch::{Assembly, Batch, Lost, Truncated};
use crate::bounds::{BATCH_KEYS_MAX, CONFIRM_INTERVAL, RESOLVE_PAGE_KEYS, WRITE_DEADLINE};
use crate::documents::{Key, Selection, halves};
use crate::durability::wait_durable;
use crate::error::{Error, ErrorKind, Result};
use crate::feed::{Feed, Feeds};
use crate::history::History;
use crate::progress::{Progress, ProgressEvent, Shutdown};
use crate::source::{ChangeStream, Event, ResolveRequest, TransactionStart};
use crate::stale::{self, Unread};
use crate::state::{Confirmation, SinkState, of_sink};
use crate::writer::Writer;

/// How often a write that nobody answered is built and sent anew before the session is begun again.
const UNANSWERED_ROUNDS_MAX: usize = 3;

/// Follows one session's stream.
#[derive(Debug)]
pub struct Pipeline {
    /// What is fed.
    pub feeds: Feeds,
    /// The source.
    pub source: SourceParts,
    /// Writes to the sinks.
    pub writer: Arc<Writer>,
    /// Where confirmed positions are recorded first.
    pub states: Arc<Vec<SinkState>>,
    /// For which generations a lost change is none.
    pub unread: Unread,
    /// What the stream brings once more.
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

/// What is pending, and when something was confirmed last.
#[derive(Debug)]
struct Confirming {
    pending: Option<Pending>,
    /// The first transaction after what is confirmed.
    first: Option<TransactionStart>,
    last: Instant,
}

/// What waits to be confirmed, and what its snapshots saw.
#[derive(Debug)]
struct Pending {
    confirmed: Confirmed,
    /// The transaction that is written in part.
    open: Option<TransactionStart>,
    note: Lsn,
    due: Instant,
}

/// What came of a piece of work.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    documents: u64,
    deletes: u64,
    /// The highest position that its snapshots saw, those of resolve too.
    note: Lsn,
}

impl Work {
    fn and(self, other: Self) -> Self {
        Self {
            documents: self.documents + other.documents,
            deletes: self.deletes + other.deletes,
            note: self.note.max(other.note),
        }
    }
}

/// The transactions a piece of work belongs to.
#[derive(Clone, Copy, Debug)]
struct Cause<'a> {
    commit: Lsn,
    must_see: &'a [u32],
    /// The first one after what is confirmed.
    first: Option<TransactionStart>,
    /// Set once every state holds that one as written.
    marked: &'a OnceCell<()>,
}

impl Pipeline {
    /// Follows until it is asked to stop or something breaks.
    pub async fn run(mut self, mut stream: Box<dyn ChangeStream>) -> Result<()> {
        let mut assembly = Assembly::default();
        let mut confirming = Confirming { pending: None, first: None, last: Instant::now() };
        while let Some(batch) = self.next_batch(&mut stream, &mut assembly, &mut confirming).await? {
            confirming.first = confirming.first.or(batch.first);
            let note = self.work_on(&batch, confirming.first).await?;
            self.remember(&mut confirming, &batch, note);
            if confirming.pending.as_ref().is_some_and(|pending| pending.due <= Instant::now()) {
                self.confirm(&*stream, &mut confirming).await?;
            }
        }
        self.confirm(&*stream, &mut confirming).await
    }

    /// The next batch; none once it is asked to stop. Confirms what is due while nothing comes.
    async fn next_batch(
        &mut self,
        stream: &mut Box<dyn ChangeStream>,
        assembly: &mut Assembly,
        confirming: &mut Confirming,
    ) -> Result<Option<Batch>> {
        let mut batch = assembly.begin();
        loop {
            let pending = confirming.pending.as_ref().filter(|pending| self.is_news(pending));
            let due = pending.map(|pending| pending.due);
            tokio::select! {
                biased;
                () = self.stop.requested() => return Ok(None),
                event = stream.next() => {
                    // Whatever is read is held against what was confirmed before it is worked on.
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

    /// Keeps what a batch completed for the next confirm; what its snapshots saw counts also where it
    /// completed nothing.
    fn remember(&self, confirming: &mut Confirming, batch: &Batch, note: Lsn) {
        let Confirming { pending, last, .. } = confirming;
        let before = pending.as_ref().map_or_else(|| *self.confirmed.borrow(), |pending| pending.confirmed);
        let confirmed = batch.completed.map_or(before, |completed| completed.after(Some(before)));
        let due = pending.as_ref().map_or(*last + CONFIRM_INTERVAL, |pending| pending.due);
        let note = pending.as_ref().map_or(note, |pending| pending.note.max(note));
        *pending = Some(Pending { confirmed, open: batch.open, note, due });
    }

    /// Everything a batch means: documents written and durable in every sink. Returns its note.
    async fn work_on(&self, batch: &Batch, first: Option<TransactionStart>) -> Result<Lsn> {
        if batch.is_empty() {
            return Ok(Lsn::ZERO);
        }
        self.stop_for_lost(batch).await?;
        let marked = &OnceCell::new();
        let cause = Cause { commit: batch.commit, must_see: &batch.must_see, first, marked };
        let dirty = batch.by_index();
        let fed = dirty.iter().filter(|(index, _)| self.feeds.of(**index).next().is_some());
        let works = try_join_all(fed.map(|(index, edges)| self.follow_edges(*index, edges, cause))).await?;
        let mut work = works.into_iter().fold(Work::default(), Work::and);
        if let Some(truncated) = &batch.truncated {
            work = work.and(self.rebuild_suspects(truncated, cause).await?);
        }
        self.progress.event(ProgressEvent::Followed { documents: work.documents, deletes: work.deletes });
        Ok(work.note)
    }

    /// Marks every generation that a change is lost for, then stops: nothing of the batch is confirmed.
    async fn stop_for_lost(&self, batch: &Batch) -> Result<()> {
        let mut stopped = Ok(());
        for lost in &batch.lost {
            let feeds = lost.indexes.iter().flat_map(|index| self.feeds.of(*index));
            for feed in feeds.filter(|feed| !self.unread.covers(feed, lost.since)) {
                let Lost { since, cause, reason, .. } = lost;
                let mark = StaleMark { since: *since, cause: *cause, reason: reason.clone() };
                let error = stale::mark(&self.states, &feed.generation, mark).await?;
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
        cause: Cause<'_>,
    ) -> Result<Work> {
        let plan = self.feeds.index(index);
        let feeds: Vec<&Feed> = self.feeds.of(index).collect();
        let (mut dirty, mut work) = (Vec::new(), Work::default());
        for (&edge, keys) in edges {
            if plan.edges[edge].resolve.is_none() {
                dirty.extend(keys.iter().cloned());
                continue;
            }
            let mut todo = vec![keys.clone()];
            while let Some(keys) = todo.pop() {
                match self.follow_edge(index, &feeds, edge, &keys, &mut dirty, cause).await {
                    Ok(done) => work = work.and(done),
                    Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(halves(keys, error)?),
                    Err(error) => return Err(error),
                }
            }
        }
        work = work.and(self.rebuild(index, &feeds, dirty, cause).await?);
        self.flush(&feeds).await?;
        Ok(work)
    }

    /// From navigation values of one edge to root keys, in pages; what makes a batch is written at once,
    /// the rest stays in `dirty`. [`ErrorKind::TooMuch`] where fewer values have to be asked for.
    async fn follow_edge(
        &self,
        index: usize,
        feeds: &[&Feed],
        edge: usize,
        keys: &[Key],
        dirty: &mut Vec<Key>,
        cause: Cause<'_>,
    ) -> Result<Work> {
        let (plan, limit, must_see) = (self.feeds.index(index), RESOLVE_PAGE_KEYS, cause.must_see);
        let (mut after, mut work): (Option<Key>, _) = (None, Work::default());
        loop {
            let request = ResolveRequest { index: plan, edge, keys, after: after.as_ref(), limit, must_see };
            let page = self.source.documents.resolve(request).await?;
            work.note = work.note.max(page.snapshot.note);
            let is_last = page.keys.len() < limit;
            after = page.keys.last().cloned();
            dirty.extend(page.keys);
            if dirty.len() >= BATCH_KEYS_MAX {
                work = work.and(self.rebuild(index, feeds, std::mem::take(dirty), cause).await?);
            }
            if is_last {
                return Ok(work);
            }
        }
    }

    /// Builds keys and writes them to feeds of their index, a bounded number at once.
    async fn rebuild(
        &self,
        index: usize,
        feeds: &[&Feed],
        mut keys: Vec<Key>,
        cause: Cause<'_>,
    ) -> Result<Work> {
        keys.sort_unstable();
        keys.dedup();
        let mut work = Work::default();
        let mut rounds = 0;
        let mut todo: Vec<Vec<Key>> = keys.chunks(BATCH_KEYS_MAX).map(<[Key]>::to_vec).collect();
        while let Some(keys) = todo.pop() {
            let selection = Selection::Keys(keys.clone());
            match self.build_and_write(index, feeds, &selection, cause).await {
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

    /// One snapshot's documents, written to each feed. Also returns the keys to build again: nobody
    /// answered for them, or the answer came after the deadline.
    async fn build_and_write(
        &self,
        index: usize,
        feeds: &[&Feed],
        selection: &Selection,
        cause: Cause<'_>,
    ) -> Result<(Work, Vec<Key>)> {
        let plan = self.feeds.index(index);
        let reading = self.source.documents.build(plan, selection, cause.must_see);
        // At the same time, so that a single change waits for the slower of the two only. A reading that fails
        // does not end the other half way: a state that is written without an answer is another runner's.
        let (built, marked) = tokio::join!(reading, self.mark_written(cause));
        marked?;
        let built = built?;
        let writes =
            feeds.iter().map(|feed| self.writer.write_event(plan, &feed.generation, &built, cause.commit));
        let mut work = Work { note: built.snapshot.note, ..Work::default() };
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
    async fn mark_written(&self, cause: Cause<'_>) -> Result<()> {
        let mark = || async {
            let Some(first) = cause.first else { return Ok(()) };
            try_join_all(self.states.iter().map(|state| state.mark_written(first, &self.picked)))
                .await
                .map(drop)
        };
        cause.marked.get_or_try_init(mark).await.copied()
    }

    /// Rule *truncate*: every document of the indexes is suspect, durably, until it was built again.
    async fn rebuild_suspects(&self, truncated: &Truncated, cause: Cause<'_>) -> Result<Work> {
        let mut work = Work::default();
        for &index in &truncated.indexes {
            let feeds: Vec<&Feed> = self.feeds.of(index).collect();
            if !feeds.is_empty() {
                work = work.and(self.see(index, cause).await?);
            }
            for feed in feeds {
                self.mark_suspect(feed, Some(cause.commit)).await?;
                work = work.and(self.rebuild_all(index, feed, cause).await?);
                self.flush(&[feed]).await?;
                self.mark_suspect(feed, None).await?;
            }
        }
        Ok(work)
    }

    /// Returns once the truncation is visible: a chunk that is answered after the listing then finds its
    /// table in another file, and one that is answered before is in the listing.
    async fn see(&self, index: usize, cause: Cause<'_>) -> Result<Work> {
        let nothing = Selection::Keys(Vec::new());
        let seen = self.source.documents.build(self.feeds.index(index), &nothing, cause.must_see).await?;
        Ok(Work { note: seen.snapshot.note, ..Work::default() })
    }

    async fn rebuild_all(&self, index: usize, feed: &Feed, cause: Cause<'_>) -> Result<Work> {
        let sink = self.writer.sink();
        let arity = self.feeds.index(index).key.len();
        sink.refresh(&feed.generation).await?;
        let mut work = Work::default();
        let mut after: Option<String> = None;
        loop {
            let ids = sink.ids_page(&feed.generation, after.as_deref()).await?;
            let Some(last) = ids.last() else { return Ok(work) };
            after = Some(last.clone());
            let keys = ids.iter().filter_map(|id| Key::from_document_id(id, arity)).collect();
            work = work.and(self.rebuild(index, &[feed], keys, cause).await?);
        }
    }

    async fn mark_suspect(&self, feed: &Feed, since: Option<Lsn>) -> Result<()> {
        match of_sink(&self.states, &feed.generation.sink) {
            Some(state) => {
                state
                    .update_generation(&feed.generation.name, |document| document.suspect_since = since)
                    .await
            }
            None => Ok(()),
        }
    }

    fn is_news(&self, pending: &Pending) -> bool {
        pending.confirmed.position > self.confirmed.borrow().position
    }

    async fn flush(&self, feeds: &[&Feed]) -> Result<()> {
        let sink = self.writer.sink();
        try_join_all(feeds.iter().map(|feed| sink.flush(&feed.generation))).await?;
        Ok(())
    }

    /// Rule *confirm*: what the snapshots saw is durable at the source, the state holds the position,
    /// and only then the source may forget. What completes nothing stays pending: its note still counts
    /// when its transaction ends.
    async fn confirm(&self, stream: &dyn ChangeStream, confirming: &mut Confirming) -> Result<()> {
        let news = confirming.pending.take_if(|pending| self.is_news(pending));
        let Some(Pending { confirmed, note, open, .. }) = news else { return Ok(()) };
        wait_durable(&self.source.capture, note).await?;
        let recorded = Confirmation { confirmed, picked: &self.picked, written: open };
        for state in self.states.iter() {
            state.confirm(&recorded, &self.feeds.names_in(&state.sink)).await?;
        }
        stream.confirm(confirmed.position).await?;
        self.confirmed.send_replace(confirmed);
        self.progress.event(ProgressEvent::Confirmed(confirmed.position));
        confirming.last = Instant::now();
        confirming.first = open;
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
    let message = format!("the sink left {rounds} rounds of a batch unanswered");
    Err(Error::new(ErrorKind::Unanswered, message))
}
