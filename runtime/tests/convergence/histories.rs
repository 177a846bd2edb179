//! Thousands of random changes, crashes and faults: at the end no document is wrong.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::bench::{Bench, Running};
use crate::memory::{Call, Change, Fate, Process, Row, Table};
use flusso_runtime::{Error, ErrorKind, Result};

/// Histories, each with a seed of its own.
const HISTORIES: u64 = 20;
/// Operations of one history.
const OPERATIONS: u64 = 80;

/// A small generator whose whole state is its seed: a failure names it.
#[derive(Clone, Debug)]
struct Dice(Arc<Mutex<u64>>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    /// A number below `sides` (xorshift64*).
    fn roll(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().expect("no test panics here");
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    fn once_in(&self, times: u64) -> bool {
        self.roll(times) == 0
    }
}

/// A history under way.
struct History {
    bench: Bench,
    dice: Dice,
    unseen: RefCell<Vec<u32>>,
    running: Option<Running>,
    is_applied: bool,
}

#[tokio::test(start_paused = true)]
async fn random_histories_with_random_faults_end_with_no_wrong_document() {
    for seed in 1..=HISTORIES {
        println!("seed {seed}");
        History::new(seed).run().await;
    }
}

impl History {
    fn new(seed: u64) -> Self {
        let sinks: &[&str] = if seed.is_multiple_of(4) { &["here", "there"] } else { &["search"] };
        let (bench, dice) = (Bench::new(sinks), Dice::new(seed));
        Self { bench, dice, unseen: RefCell::default(), running: None, is_applied: false }
    }

    async fn run(mut self) {
        self.set_fates();
        for _ in 0..OPERATIONS {
            self.go_on().await;
            self.change();
            self.disturb();
            if self.dice.once_in(120) {
                self.begin_anew();
            }
            let pause_ms = if self.dice.once_in(6) { 3_000 } else { 100 };
            self.bench.pass_time(Duration::from_millis(self.dice.roll(pause_ms))).await;
        }
        self.end().await;
    }

    /// Something runs: an apply until one succeeds, then a follower.
    async fn go_on(&mut self) {
        if self.running.as_ref().is_some_and(Running::is_over) {
            let ended = self.running.take().expect("there is one").ended().await;
            self.judge(ended.unwrap_or(Ok(())));
        }
        if self.running.is_some() {
            return;
        }
        let process = self.process();
        if self.is_applied {
            self.running = Some(self.bench.follow_in(process));
            return;
        }
        let mut applying = std::pin::pin!(self.bench.apply_in(&process));
        let applied = tokio::select! {
            applied = &mut applying => applied,
            () = self.world_goes_on() => applying.await,
        };
        self.is_applied = matches!(applied, Some(Ok(_)));
        self.judge(applied.map_or(Ok(()), |applied| applied.map(drop)));
    }

    /// What happens while an apply is at work, until it is left in peace.
    async fn world_goes_on(&self) {
        for _ in 0..40 {
            self.bench.pass_time(Duration::from_millis(self.dice.roll(20))).await;
            self.change();
            self.disturb();
        }
        self.show_all();
    }

    fn show_all(&self) {
        self.unseen.borrow_mut().drain(..).for_each(|xid| self.bench.world.show(xid));
    }

    /// Every live generation counts as one that missed changes: the next apply builds others.
    fn begin_anew(&mut self) {
        if let Some(running) = self.running.take() {
            running.process.kill();
        }
        for cluster in self.bench.clusters.values() {
            cluster.with(|servers| servers.project.iter_mut().for_each(|project| project.value.fed.clear()));
        }
        self.is_applied = false;
    }

    /// What a fault explains is begun again; anything else is a mistake.
    fn judge(&self, ended: Result<()>) {
        if let Err(error) = ended {
            let is_explained = matches!(
                error.kind,
                ErrorKind::ConnectionLost | ErrorKind::Unreachable | ErrorKind::Unanswered
            );
            assert!(is_explained, "{error:?}");
        }
    }

    /// A process in which any call may fail, or be its last.
    fn process(&self) -> Arc<Process> {
        let process: Arc<Process> = Arc::default();
        let (dice, world, killed) = (self.dice.clone(), self.bench.world.clone(), process.clone());
        let delays = self.dice.clone();
        process.set_delays(move || Duration::from_micros(delays.roll(4_000)));
        process.set_chaos(move |call| {
            if dice.once_in(700) {
                killed.kill();
            }
            if !dice.once_in(250)
                || matches!(call, Call::StateCreateDone | Call::StateProjectDone | Call::StateGenerationDone)
            {
                return Ok(());
            }
            world.disconnect();
            Err(Error::new(ErrorKind::ConnectionLost, "chaos"))
        });
        process
    }

    fn set_fates(&self) {
        for cluster in self.bench.clusters.values() {
            let dice = self.dice.clone();
            cluster.set_fates(move |_| match dice.roll(40) {
                0 => Fate::Lost,
                1 => Fate::Unheard,
                2 => Fate::Late,
                _ => Fate::Answered,
            });
        }
    }

    fn change(&self) {
        let changes = self.changes();
        match self.dice.roll(10) {
            0 => self.bench.world.commit_asynchronously(changes),
            1 => {
                let xid = self.bench.world.commit_unseen(changes);
                self.unseen.borrow_mut().push(xid);
                xid
            }
            _ => self.bench.world.commit(changes),
        };
        if self.dice.once_in(6)
            && let Some(xid) = self.unseen.borrow_mut().pop()
        {
            self.bench.world.show(xid);
        }
    }

    /// Up to six changes of rows that no transaction holds.
    fn changes(&self) -> Vec<Change> {
        let all: Vec<Change> = (0..=self.dice.roll(6)).map(|_| self.one_change()).collect();
        let is_free = |change: &Change| {
            self.bench.world.with(|inner| match change {
                Change::Put(table, id, _) | Change::PutRenamed(table, id, _) => {
                    !inner.is_locked(*table, Some(*id))
                }
                Change::Truncate(table) => !inner.is_touched(*table),
            })
        };
        all.into_iter().filter(is_free).collect()
    }

    fn one_change(&self) -> Change {
        let table = Table::ALL[usize::try_from(self.dice.roll(4)).expect("small")];
        if self.dice.once_in(30) {
            return Change::Truncate(table);
        }
        let (id, parent) = match table {
            Table::Customers => (1 + self.dice.roll(30), 0),
            Table::Orders => (100 + self.dice.roll(100), self.dice.roll(31)),
            Table::Items => (1_000 + self.dice.roll(200), 100 + self.dice.roll(100)),
            Table::Notes => (10_000 + self.dice.roll(200), 1_000 + self.dice.roll(200)),
        };
        let row = Row { parent, value: self.dice.roll(1_000), hidden: self.dice.once_in(5) };
        Change::Put(table, id, Some(row).filter(|_| !self.dice.once_in(4)))
    }

    /// Servers crash, move and answer late.
    fn disturb(&self) {
        match self.dice.roll(60) {
            0 => {
                self.bench.world.crash();
                self.unseen.borrow_mut().clear();
            }
            1 => self.bench.world.disconnect(),
            2 => self.bench.clusters.values().for_each(|cluster| cluster.crash()),
            3 => self.bench.clusters.values().for_each(|cluster| {
                cluster.deliver_late();
                cluster.lose_tombstones();
            }),
            4..10 => self.deliver_late(),
            10 => self.running.iter().for_each(|running| running.process.kill()),
            11 => self.bench.world.with(|inner| inner.build_max = Some(4 + self.dice.roll(8) as usize)),
            12 => self.bench.world.with(|inner| inner.build_max = None),
            13..18 => self.bench.world.with(|inner| inner.burst = 1 + self.dice.roll(8) as usize),
            18 => self.bench.world.with(|inner| inner.clock += Duration::from_secs(61)),
            _ => {}
        }
    }

    fn deliver_late(&self) {
        for cluster in self.bench.clusters.values() {
            cluster.deliver_late();
        }
    }

    /// The faults end, everything is followed, and every document is right.
    async fn end(mut self) {
        self.show_all();
        if let Some(running) = self.running.take() {
            running.process.kill();
        }
        for cluster in self.bench.clusters.values() {
            cluster.set_fates(|_| Fate::Answered);
        }
        self.bench.apply().await.expect("without faults it is applied");
        self.bench.catch_up().await;
        self.deliver_late();
        self.bench.assert_true();
    }
}
