//! A world, its sinks and the runs over them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flusso_schemas::lock::Lock;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::{GenerationState, ProjectState};
use tokio::task::JoinHandle;

use crate::memory::{Change, Cluster, MemoryBackends, Process, Row, Table, World, lock_for};
use flusso_runtime::progress::{Progress, ProgressEvent};
use flusso_runtime::sink::WriteCause;
use flusso_runtime::{Applied, ApplyOptions, Result, RunOptions, Shutdown, apply, follow};

/// Longest that anything may take, in paused time.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Everything a test has in hand.
#[derive(Debug)]
pub(crate) struct Bench {
    pub world: Arc<World>,
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    pub lock: Arc<Lock>,
    /// What was confirmed and could still have been lost.
    pub violations: Arc<Mutex<Vec<String>>>,
    pub events: Arc<Events>,
    /// Whether applies are told `--accept-new-source`.
    pub accept_new_source: AtomicBool,
}

/// What runs said.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Vec<ProgressEvent>>);

impl Progress for Events {
    fn event(&self, event: ProgressEvent) {
        self.0.lock().expect("no test panics here").push(event);
    }
}

impl Events {
    /// Whether something like this was said.
    pub(crate) fn said(&self, is_it: impl Fn(&ProgressEvent) -> bool) -> bool {
        self.0.lock().expect("no test panics here").iter().any(is_it)
    }
}

impl Events {
    /// What was said last, latest first.
    pub(crate) fn last(&self) -> Vec<ProgressEvent> {
        self.0.lock().expect("no test panics here").iter().rev().take(5).cloned().collect()
    }
}

/// A run under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub process: Arc<Process>,
    pub shutdown: Shutdown,
    task: JoinHandle<Option<Result<()>>>,
}

impl Running {
    /// How it ended; none where it was killed.
    pub(crate) async fn ended(self) -> Option<Result<()>> {
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("it ends in time");
        ended.expect("a run does not panic")
    }

    /// Stops it as a signal would.
    pub(crate) async fn stop(self) {
        self.shutdown.request();
        self.ended().await.expect("it was not killed").expect("a run ends well when it is asked to stop");
    }

    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

pub(crate) fn customer(id: u64, value: u64) -> Change {
    Change::Put(Table::Customers, id, Some(Row { parent: 0, value, hidden: false }))
}

pub(crate) fn order(id: u64, customer: u64, value: u64) -> Change {
    Change::Put(Table::Orders, id, Some(Row { parent: customer, value, hidden: false }))
}

pub(crate) fn item(id: u64, order: u64, value: u64) -> Change {
    Change::Put(Table::Items, id, Some(Row { parent: order, value, hidden: false }))
}

pub(crate) fn note(id: u64, item: u64, value: u64) -> Change {
    Change::Put(Table::Notes, id, Some(Row { parent: item, value, hidden: false }))
}

pub(crate) fn gone(table: Table, id: u64) -> Change {
    Change::Put(table, id, None)
}

impl Bench {
    /// A world with three customers of two orders of two items each, nothing applied.
    pub(crate) fn new(sinks: &[&str]) -> Self {
        let world = Arc::new(World::default());
        for id in 1..=3 {
            let mut changes = vec![customer(id, id)];
            for at in [id * 10, id * 10 + 1] {
                changes.extend([order(at, id, at), item(at * 10, at, 1), item(at * 10 + 1, at, 2)]);
            }
            world.commit(changes);
        }
        let clusters = sinks.iter().map(|name| ((*name).to_owned(), Arc::new(Cluster::default()))).collect();
        let bench = Self {
            world,
            clusters,
            lock: Arc::new(lock_for(sinks)),
            violations: Arc::default(),
            events: Arc::default(),
            accept_new_source: AtomicBool::new(false),
        };
        bench.watch_confirms();
        bench
    }

    /// The same with one sink, applied.
    pub(crate) async fn applied() -> Self {
        let bench = Self::new(&["search"]);
        bench.apply().await.expect("a first apply");
        bench.assert_true();
        bench
    }

    /// Promise 6, looked at whenever a position is confirmed.
    fn watch_confirms(&self) {
        let (violations, clusters) = (self.violations.clone(), self.clusters.clone());
        self.world.on_confirm(move |position| {
            for (name, cluster) in &clusters {
                let lost = cluster.with(|servers| {
                    let Some(project) = servers.project.as_ref().map(|project| &project.value) else {
                        return !servers.keeps_nothing;
                    };
                    // What is no longer fed may lose what it likes.
                    let is_fed = |name: &String| project.fed.get(name).is_some_and(|fed| *fed >= position);
                    let mut fed = servers.indexes.iter().filter(|(name, _)| is_fed(name));
                    project.confirmed.is_none_or(|held| held.position < position)
                        || fed.any(|(_, index)| index.could_lose_event_below(position.version()))
                });
                if lost {
                    violations
                        .lock()
                        .expect("no panics")
                        .push(format!("{position} is not durable in {name}"));
                }
            }
        });
    }

    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        self.clusters.values().next().expect("a sink")
    }

    fn backends(&self, process: &Arc<Process>) -> MemoryBackends {
        MemoryBackends {
            world: self.world.clone(),
            clusters: self.clusters.clone(),
            process: process.clone(),
        }
    }

    pub(crate) fn options(&self, shutdown: Shutdown) -> RunOptions {
        RunOptions {
            allow_commands: false,
            readers: 2,
            gate_wait: Duration::from_secs(60),
            slot_wait: Duration::from_secs(5),
            progress: self.events.clone(),
            shutdown,
        }
    }

    /// Applies in a process of its own.
    pub(crate) async fn apply(&self) -> Result<Applied> {
        self.apply_in(&Arc::default()).await.expect("nobody kills it")
    }

    /// Applies; none where the process was killed.
    pub(crate) async fn apply_in(&self, process: &Arc<Process>) -> Option<Result<Applied>> {
        self.apply_until(process, Shutdown::default()).await
    }

    /// The same, and may be asked to stop.
    pub(crate) async fn apply_until(
        &self,
        process: &Arc<Process>,
        shutdown: Shutdown,
    ) -> Option<Result<Applied>> {
        let accept_new_source = self.accept_new_source.load(Ordering::Relaxed);
        let options = ApplyOptions { run: self.options(shutdown), dry_run: false, accept_new_source };
        let backends = self.backends(process);
        let applying = tokio::time::timeout(PATIENCE, apply(&backends, self.lock.clone(), &options));
        tokio::select! {
            biased;
            () = process.killed() => None,
            applied = applying => Some(applied.expect("an apply ends in time")),
        }
    }

    /// Follows in a process of its own.
    pub(crate) fn follow(&self) -> Running {
        self.follow_in(Arc::default())
    }

    /// Follows in a process that may be killed.
    pub(crate) fn follow_in(&self, process: Arc<Process>) -> Running {
        let (backends, lock, shutdown) = (self.backends(&process), self.lock.clone(), Shutdown::default());
        let options = self.options(shutdown.clone());
        let watched = process.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = watched.killed() => None,
                ended = follow(&backends, lock, &options) => Some(ended),
            }
        });
        Running { process, shutdown, task }
    }

    /// Follows until a moment where the world stands still and everything is confirmed, then stops.
    pub(crate) async fn catch_up(&self) {
        let running = self.follow();
        let end = self.flush_log();
        self.until(|| self.slot_position() >= end || running.is_over()).await;
        running.stop().await;
    }

    /// Returns once everything that happened is confirmed in every sink.
    pub(crate) async fn wait_confirmed(&self) {
        let end = self.flush_log();
        self.until(|| self.slot_position() >= end).await;
    }

    /// Everything that was written to the log is durable; where it ends. Something else is written too, as
    /// on any server: a slot that lags behind a state moves with the next position.
    fn flush_log(&self) -> Lsn {
        self.world.write_log(8);
        self.world.with(|inner| {
            inner.flush = inner.insert;
            inner.insert
        })
    }

    /// Returns once something is so; looks again and again in paused time.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        let waiting = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("it does not come true in time; last: {:?}", self.events.last());
        }
    }

    /// Lets everything that can go on go on for a while of paused time.
    pub(crate) async fn pass_time(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Everything that was ever written to the first sink.
    pub(crate) fn writes(&self) -> Vec<(WriteCause, u64, Vec<String>)> {
        self.cluster().with(|servers| servers.writes.clone())
    }

    pub(crate) fn slot_position(&self) -> Lsn {
        self.world.read(|inner| inner.slot.as_ref().map_or(Lsn::ZERO, |slot| slot.confirmed))
    }

    pub(crate) fn project(&self) -> ProjectState {
        self.cluster().with(|servers| servers.project.clone()).expect("a state").value
    }

    pub(crate) fn generations(&self) -> Vec<GenerationState> {
        self.cluster()
            .with(|servers| servers.generations.values().map(|stored| stored.value.clone()).collect())
    }

    pub(crate) fn generation(&self, index: &str) -> GenerationState {
        self.generations().into_iter().rfind(|own| own.index == index).expect("a generation")
    }

    /// Every document readers can see, against the truth; and nothing was confirmed too early.
    pub(crate) fn assert_true(&self) {
        for (name, cluster) in &self.clusters {
            for (position, index) in self.lock.indexes.iter().enumerate() {
                let found = cluster.documents(&index.alias).unwrap_or_default();
                assert_eq!(
                    text_of(&found),
                    text_of(&self.world.truth(position)),
                    "`{}` in `{name}`",
                    index.name
                );
            }
        }
        assert_eq!(*self.violations.lock().expect("no panics"), [""; 0]);
    }
}

fn text_of(documents: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, String> {
    documents.iter().map(|(id, json)| (id.as_str(), String::from_utf8_lossy(json).into_owned())).collect()
}
