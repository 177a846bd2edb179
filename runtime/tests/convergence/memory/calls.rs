//! A process, every call it makes, and what a test lets happen at one.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use flusso_runtime::error::{Error, ErrorKind, Result};

/// A moment at which something can happen. `…Done` is after the effect and before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // They are named after what is called.
pub(crate) enum Call {
    Connect,
    Provision,
    CreateSlot,
    CreateSlotDone,
    Slot,
    Gate,
    Stream,
    Next,
    Confirm,
    ConfirmDone,
    Durable,
    Insert,
    Heartbeat,
    Catalog,
    Resolve,
    ResolveDone,
    Build,
    BuildDone,
    Keys,
    Bound,
    Aftermath,
    CreateGeneration,
    CreateGenerationDone,
    DropGenerationDone,
    Finish,
    Write,
    WriteDone,
    Flush,
    FlushDone,
    Refresh,
    Ids,
    Get,
    Marks,
    Swap,
    SwapDone,
    StateCreate,
    StateCreateDone,
    StateProject,
    StateProjectDone,
    StateGeneration,
    StateGenerationDone,
}

/// How often a held call polls, in paused time.
const HOLD_PAUSE: Duration = Duration::from_millis(1);

type Action = Box<dyn FnOnce() -> Result<()> + Send>;
type IsOver = Arc<dyn Fn() -> bool + Send + Sync>;
type Delays = Box<dyn FnMut() -> Duration + Send>;
type Chaos = Box<dyn FnMut(Call) -> Result<()> + Send>;

/// One run of flusso.
#[derive(Default)]
pub(crate) struct Process {
    is_killed: watch::Sender<bool>,
    planned: Mutex<BTreeMap<Call, Vec<(u64, Action)>>>,
    held: Mutex<Vec<(Call, u64, IsOver)>>,
    chaos: Mutex<Option<Chaos>>,
    delays: Mutex<Option<Delays>>,
    counts: Mutex<BTreeMap<Call, u64>>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("is_killed", &self.is_killed).finish_non_exhaustive()
    }
}

impl Process {
    /// From now on no call of this process returns: it was killed.
    pub(crate) fn kill(&self) {
        self.is_killed.send_replace(true);
    }

    /// Whether it was killed.
    pub(crate) fn is_killed(&self) -> bool {
        *self.is_killed.borrow()
    }

    /// Ends when it is killed.
    pub(crate) async fn killed(&self) {
        let mut receiver = self.is_killed.subscribe();
        let _ = receiver.wait_for(|is_killed| *is_killed).await;
    }

    /// Lets something happen at the `nth` call of a kind from now on (1 is the next); its error is what the call returns.
    pub(crate) fn at(&self, call: Call, nth: u64, action: impl FnOnce() -> Result<()> + Send + 'static) {
        let due = self.count(call) + nth;
        lock(&self.planned).entry(call).or_default().push((due, Box::new(action)));
    }

    /// Lets the `nth` call of a kind from now on fail.
    pub(crate) fn fail_at(&self, call: Call, nth: u64, kind: ErrorKind) {
        self.at(call, nth, move || Err(Error::new(kind, format!("a test lets `{call:?}` fail"))));
    }

    /// Kills the process at the `nth` call of a kind from now on, and lets something else happen at that moment.
    pub(crate) fn kill_at(self: &Arc<Self>, call: Call, nth: u64, and: impl FnOnce() + Send + 'static) {
        let process = self.clone();
        self.at(call, nth, move || {
            process.kill();
            and();
            Ok(())
        });
    }

    /// Holds the `nth` call of a kind from now on until something is so.
    pub(crate) fn hold_at(&self, call: Call, nth: u64, until: impl Fn() -> bool + Send + Sync + 'static) {
        let due = self.count(call) + nth;
        lock(&self.held).push((call, due, Arc::new(until)));
    }

    async fn wait_while_held(&self, call: Call) {
        let count = self.count(call);
        let holds = |(held, at, _): &&mut (Call, u64, IsOver)| *held == call && *at == count;
        let until = lock(&self.held).iter_mut().find(holds).map(|(_, _, until)| until.clone());
        let Some(until) = until else { return };
        while !until() {
            tokio::time::sleep(HOLD_PAUSE).await;
        }
    }

    /// What happens at every call; it decides each time.
    pub(crate) fn set_chaos(&self, chaos: impl FnMut(Call) -> Result<()> + Send + 'static) {
        *lock(&self.chaos) = Some(Box::new(chaos));
    }

    /// How long each call takes, in paused time.
    pub(crate) fn set_delays(&self, delays: impl FnMut() -> Duration + Send + 'static) {
        *lock(&self.delays) = Some(Box::new(delays));
    }

    /// Lets others run, as a network does.
    async fn delay(&self) {
        let delay = lock(&self.delays).as_mut().map(|delays| delays());
        match delay {
            Some(delay) => tokio::time::sleep(delay).await,
            None => tokio::task::yield_now().await,
        }
    }

    /// How many calls of a kind were made.
    pub(crate) fn count(&self, call: Call) -> u64 {
        lock(&self.counts).get(&call).copied().unwrap_or(0)
    }

    /// A call is made.
    pub(crate) async fn reach(&self, call: Call) -> Result<()> {
        let outcome = self.pass(call);
        self.wait_while_held(call).await;
        self.delay().await;
        if self.is_killed() {
            pending::<()>().await;
        }
        outcome
    }

    /// The same where nothing can be waited for.
    pub(crate) fn pass(&self, call: Call) -> Result<()> {
        if self.is_killed() {
            return Ok(());
        }
        let count = {
            let mut counts = lock(&self.counts);
            let count = counts.entry(call).or_default();
            *count += 1;
            *count
        };
        let mut due = Vec::new();
        if let Some(planned) = lock(&self.planned).get_mut(&call) {
            while let Some(at) = planned.iter().position(|(at, _)| *at <= count) {
                due.push(planned.remove(at).1);
            }
        }
        for action in due {
            action()?;
        }
        match lock(&self.chaos).as_mut() {
            Some(chaos) => chaos(call),
            None => Ok(()),
        }
    }
}

/// The content of a mutex, also after a test panicked with it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
