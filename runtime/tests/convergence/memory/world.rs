//! The source's server: a log of commits, what snapshots see of it, a slot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::StaleCause;
use tokio::sync::watch;

use super::calls::{Process, lock};
use super::catalog::Catalog;
use super::tables::{Change, Table, Tables};
use flusso_runtime::backends::RunOptions;
use flusso_runtime::documents::Key;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::source::{DirtyKey, Event, TransactionStart};

/// Bytes of the log that a commit record takes.
const COMMIT_RECORD_BYTES: u64 = 16;
/// Where a fresh log ends: what lies below was before our time.
const FIRST_POSITION: u64 = 1_000;

/// Inspects every position before it is confirmed.
type Judge = Box<dyn Fn(Lsn) + Send>;

/// A server.
pub(crate) struct World {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
    on_confirm: Mutex<Option<Judge>>,
}

/// One transaction that committed.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) start: TransactionStart,
    pub(super) end: Lsn,
    changes: Vec<Change>,
    pub(super) events: Vec<Event>,
    is_carried: bool,
}

/// The slot.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// Up to where it was confirmed.
    pub confirmed: Lsn,
    /// Why it is not ours, if it is not.
    pub foreign: Option<String>,
    /// The database it belongs to, where that is another one.
    pub elsewhere: Option<String>,
    /// The session that holds it.
    pub holder: Option<(u64, Arc<Process>)>,
}

/// What is behind the mutex.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(super) history: Vec<Transaction>,
    pub(super) visible: Arc<Tables>,
    pub(super) latest: Tables,
    /// Transactions that no snapshot sees yet, and what they lock.
    unseen: BTreeMap<u32, Vec<Change>>,
    /// Where the log ends.
    pub insert: Lsn,
    /// Up to where it survives a crash.
    pub flush: Lsn,
    xid_next: u32,
    pub(super) connections: u64,
    sessions: u64,
    pub(super) writers: BTreeSet<u64>,
    /// The publication's oid.
    pub publication: Option<u32>,
    /// The slot.
    pub slot: Option<Slot>,
    /// Identity of the cluster.
    pub system_identifier: String,
    /// Name and oid of the database.
    pub database: (String, u32),
    /// Most documents that one reading transaction builds.
    pub build_max: Option<usize>,
    /// Most rows that one reading transaction resolves.
    pub resolve_max: Option<usize>,
    pub(super) catalog: Catalog,
    /// The source's own clock.
    pub clock: Duration,
    /// Most events that arrive at once.
    pub burst: usize,
}

/// One connection of a process.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) world: Arc<World>,
    pub(super) process: Arc<Process>,
    pub(super) options: RunOptions,
    pub(super) id: u64,
    connections: u64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl Default for World {
    fn default() -> Self {
        let inner = Inner {
            history: Vec::new(),
            visible: Arc::default(),
            latest: Tables::default(),
            unseen: BTreeMap::new(),
            insert: Lsn(FIRST_POSITION),
            flush: Lsn(FIRST_POSITION),
            xid_next: 700,
            connections: 0,
            sessions: 0,
            writers: BTreeSet::new(),
            publication: None,
            slot: None,
            system_identifier: "7000000000000000001".to_owned(),
            database: ("memory".to_owned(), 16_384),
            build_max: None,
            resolve_max: None,
            catalog: Catalog::default(),
            clock: Duration::from_secs(1_000_000),
            burst: usize::MAX,
        };
        Self { inner: Mutex::new(inner), changed: watch::channel(0).0, on_confirm: Mutex::new(None) }
    }
}

impl World {
    /// Reads or changes the world; every waiter checks again.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let result = change(&mut lock(&self.inner));
        self.changed.send_modify(|count| *count += 1);
        result
    }

    /// The log becomes another one from a position on, as after a copy of the files was started and written
    /// to: the slot is as it was then.
    pub(crate) fn diverge(&self, from: Lsn) {
        self.with(|inner| {
            inner.slot.as_mut().expect("a slot").confirmed = from;
            let later = inner.history.iter_mut().filter(|transaction| transaction.start.commit >= from);
            later.for_each(|transaction| transaction.start.xid += 1_000);
        });
    }

    /// Looks at anything.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&lock(&self.inner))
    }

    /// Returns what `look` finds as soon as it finds something.
    pub(super) async fn wait<T>(&self, mut look: impl FnMut(&mut Inner) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(found) = look(&mut lock(&self.inner)) {
                return found;
            }
            changed.changed().await.expect("the world outlives who waits for it");
        }
    }

    /// Commits changes: durable, visible, in the stream.
    pub(crate) fn commit(&self, changes: Vec<Change>) -> u32 {
        self.with(|inner| {
            let xid = inner.append(changes, true);
            inner.flush = inner.insert;
            inner.see(xid);
            xid
        })
    }

    /// Commits changes asynchronously: visible at once, durable with whatever is flushed next.
    pub(crate) fn commit_asynchronously(&self, changes: Vec<Change>) -> u32 {
        self.with(|inner| {
            let xid = inner.append(changes, true);
            inner.see(xid);
            xid
        })
    }

    /// Commits changes that wait for a synchronous standby: in the stream, and no snapshot sees them yet.
    pub(crate) fn commit_unseen(&self, changes: Vec<Change>) -> u32 {
        self.with(|inner| {
            let xid = inner.append(changes, true);
            inner.flush = inner.insert;
            xid
        })
    }

    /// A transaction that waited becomes visible.
    pub(crate) fn show(&self, xid: u32) {
        self.with(|inner| inner.see(xid));
    }

    /// A writer that began before the publication held its tables: the stream will not carry it.
    pub(crate) fn begin_uncarried(&self) -> u64 {
        self.with(|inner| {
            inner.sessions += 1;
            let writer = inner.sessions;
            inner.writers.insert(writer);
            writer
        })
    }

    /// That writer commits.
    pub(crate) fn commit_uncarried(&self, writer: u64, changes: Vec<Change>) {
        self.with(|inner| {
            let xid = inner.append(changes, false);
            inner.flush = inner.insert;
            inner.see(xid);
            inner.writers.remove(&writer);
        });
    }

    /// Writes something to the log that is neither a change nor durable.
    pub(crate) fn write_log(&self, bytes: u64) {
        self.with(|inner| inner.insert = Lsn(inner.insert.0 + bytes));
    }

    /// Ends every connection.
    pub(crate) fn disconnect(&self) {
        self.with(|inner| inner.connections += 1);
    }

    /// Crashes and restarts: what was not durable never happened, and its positions are reused.
    pub(crate) fn crash(&self) {
        self.with(|inner| {
            let flush = inner.flush;
            inner.history.retain(|transaction| transaction.end <= flush);
            inner.insert = flush;
            inner.unseen.clear();
            inner.connections += 1;
            let mut tables = Tables::default();
            inner
                .history
                .iter()
                .flat_map(|transaction| &transaction.changes)
                .for_each(|change| tables.apply(change));
            inner.visible = Arc::new(tables.clone());
            inner.latest = tables;
        });
    }

    /// The documents of an index as they should be.
    pub(crate) fn truth(&self, index: usize) -> BTreeMap<String, Vec<u8>> {
        let visible = self.read(|inner| inner.visible.clone());
        let document = |id| Some((super::key_of(id).document_id(), visible.document(index, id)?));
        visible.ids(super::tables::root_of(index)).filter_map(document).collect()
    }

    /// Called with every position that is about to be confirmed.
    pub(crate) fn on_confirm(&self, check: impl Fn(Lsn) + Send + 'static) {
        *lock(&self.on_confirm) = Some(Box::new(check));
    }

    pub(super) fn judge_confirm(&self, position: Lsn) {
        if let Some(check) = lock(&self.on_confirm).as_ref() {
            check(position);
        }
    }

    /// A session of a process.
    pub(super) fn connect(self: &Arc<Self>, process: &Arc<Process>, options: &RunOptions) -> Session {
        let (world, process, options) = (self.clone(), process.clone(), options.clone());
        self.with(|inner| {
            inner.sessions += 1;
            Session { world, process, options, id: inner.sessions, connections: inner.connections }
        })
    }
}

impl Inner {
    fn append(&mut self, changes: Vec<Change>, is_carried: bool) -> u32 {
        let xid = self.xid_next;
        self.xid_next += 1;
        let events = changes.iter().filter_map(|change| self.append_change(change)).collect();
        let start = TransactionStart { xid, commit: self.insert, commit_time_us: i64::from(xid) };
        self.insert = Lsn(self.insert.0 + COMMIT_RECORD_BYTES);
        self.unseen.insert(xid, changes.clone());
        self.history.push(Transaction { start, end: self.insert, changes, events, is_carried });
        xid
    }

    fn append_change(&mut self, change: &Change) -> Option<Event> {
        let event = event_of(&self.latest, change);
        self.latest.apply(change);
        event
    }

    fn see(&mut self, xid: u32) {
        if let Some(changes) = self.unseen.remove(&xid) {
            let visible = Arc::make_mut(&mut self.visible);
            changes.iter().for_each(|change| visible.apply(change));
        }
    }

    pub(super) fn first_unseen(&self, xids: &[u32]) -> Option<u32> {
        xids.iter().copied().find(|xid| self.unseen.contains_key(xid))
    }

    /// Whether a transaction that no snapshot sees yet touched anything of a table.
    pub(crate) fn is_touched(&self, table: Table) -> bool {
        self.unseen.values().flatten().any(|change| match change {
            Change::Put(touched, ..) | Change::PutRenamed(touched, ..) | Change::Truncate(touched) => {
                *touched == table
            }
        })
    }

    /// Whether a transaction that no snapshot sees yet still locks what it touched.
    pub(crate) fn is_locked(&self, table: Table, id: Option<u64>) -> bool {
        self.unseen.values().flatten().any(|change| match change {
            Change::Put(locked, row, _) | Change::PutRenamed(locked, row, _) => {
                *locked == table && id == Some(*row)
            }
            Change::Truncate(locked) => *locked == table,
        })
    }

    /// The next transaction of a stream that begins at `from`: durable, and carried.
    pub(super) fn next_transaction(&self, from: Lsn) -> Option<Transaction> {
        let sent = self.history.partition_point(|transaction| transaction.start.commit < from);
        let is_next = |transaction: &&Transaction| transaction.is_carried && transaction.end <= self.flush;
        self.history[sent..].iter().find(is_next).cloned()
    }
}

impl Session {
    pub(super) fn is_lost(&self, inner: &Inner) -> bool {
        inner.connections != self.connections
    }

    /// An error where its connections are gone.
    pub(super) fn check(&self) -> Result<()> {
        if self.world.read(|inner| self.is_lost(inner)) {
            return Err(Error::new(ErrorKind::ConnectionLost, "a connection to the memory source is lost"));
        }
        Ok(())
    }
}

fn event_of(before: &Tables, change: &Change) -> Option<Event> {
    match change {
        Change::Truncate(table) => {
            let indexes = super::tables::edges_of(*table).iter().map(|(index, ..)| *index).collect();
            Some(Event::Truncate { tables: vec![table.name()], indexes })
        }
        Change::PutRenamed(table, ..) => {
            let indexes = super::tables::edges_of(*table).iter().map(|(index, ..)| *index).collect();
            let reason = format!("rows of `{}` were written under another name", table.name());
            Some(Event::Unusable { indexes, cause: StaleCause::TableReplaced, reason })
        }
        Change::Put(table, id, after) => {
            let rows = [before.row(*table, *id), *after];
            let mut hits = BTreeSet::new();
            for row in rows.into_iter().flatten() {
                for &(index, edge, is_own_key) in super::tables::edges_of(*table) {
                    let navigation: Key = super::key_of(if is_own_key { *id } else { row.parent });
                    hits.insert(DirtyKey { index, edge, key: navigation });
                }
            }
            (!hits.is_empty()).then(|| Event::Change(hits.into_iter().collect()))
        }
    }
}
