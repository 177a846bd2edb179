//! A sink's server: concrete indexes, aliases, the state's documents, requests that arrive late.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use flusso_schemas::state::{GenerationState, ProjectState};

use super::calls::lock;
use super::index::{Entry, Index};
use flusso_runtime::sink::{Answer, WriteCause};
use flusso_runtime::state_store::Stored;

/// What becomes of a write request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done and answered.
    Answered,
    /// It never arrives, and nobody answers.
    Lost,
    /// It is done, and nobody hears of it.
    Unheard,
    /// Nobody answers, and it arrives when a test says so.
    Late,
}

type Fates = Box<dyn FnMut(WriteCause) -> Fate + Send>;

/// A server.
#[derive(Default)]
pub(crate) struct Cluster {
    inner: Mutex<Servers>,
    fates: Mutex<Option<Fates>>,
}

/// What is behind the mutex.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    /// Concrete indexes by name.
    pub indexes: BTreeMap<String, Index>,
    /// Aliases and the index each points to.
    pub aliases: BTreeMap<String, String>,
    /// The state's project document.
    pub project: Option<Stored<ProjectState>>,
    /// The state's other documents.
    pub generations: BTreeMap<String, Stored<GenerationState>>,
    /// The next revision of a document of the state.
    pub sequence: u64,
    /// Ids whose documents are refused.
    pub refused: BTreeSet<String>,
    /// Whether nothing answers at all.
    pub is_down: bool,
    /// Whether it keeps no state, as stdout.
    pub keeps_nothing: bool,
    /// Every write, in the order of arrival: its cause, its version, and the ids in it.
    pub writes: Vec<(WriteCause, u64, Vec<String>)>,
    late: Vec<Request>,
}

/// A write request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) generation: String,
    pub(super) cause: WriteCause,
    pub(super) items: Vec<(String, Entry)>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Looks at, or changes, anything.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Servers) -> T) -> T {
        change(&mut lock(&self.inner))
    }

    /// Decides what becomes of each write request.
    pub(crate) fn set_fates(&self, fates: impl FnMut(WriteCause) -> Fate + Send + 'static) {
        *lock(&self.fates) = Some(Box::new(fates));
    }

    /// What becomes of a request.
    pub(super) fn receive(&self, request: Request) -> Vec<Answer> {
        let fate = lock(&self.fates).as_mut().map_or(Fate::Answered, |fates| fates(request.cause));
        let unanswered = vec![Answer::Unanswered; request.items.len()];
        self.with(|servers| match fate {
            Fate::Answered => servers.carry_out(request),
            Fate::Unheard => {
                servers.carry_out(request);
                unanswered
            }
            Fate::Lost => unanswered,
            Fate::Late => {
                servers.late.push(request);
                unanswered
            }
        })
    }

    /// Requests that nobody answered arrive after all. Returns how many. Whether they are durable is
    /// nobody's concern: who sent them has long built their documents again.
    pub(crate) fn deliver_late(&self) -> usize {
        self.with(|servers| {
            let late = std::mem::take(&mut servers.late);
            let count = late.len();
            for request in late {
                servers.carry_out(Request { cause: WriteCause::Eventless, ..request });
            }
            count
        })
    }

    /// Crashes and starts again: what was not flushed, every tombstone and every late request is gone.
    pub(crate) fn crash(&self) {
        self.with(|servers| {
            servers.late.clear();
            servers.indexes.values_mut().for_each(Index::crash);
        });
    }

    /// Tombstones die, as when primaries move to another node.
    pub(crate) fn lose_tombstones(&self) {
        self.with(|servers| servers.indexes.values_mut().for_each(Index::lose_tombstones));
    }

    /// Tombstones die of age, which no mark of a shard tells.
    pub(crate) fn expire_tombstones(&self) {
        self.with(|servers| servers.indexes.values_mut().for_each(Index::expire_tombstones));
    }

    /// What readers of an alias see.
    pub(crate) fn documents(&self, alias: &str) -> Option<BTreeMap<String, Vec<u8>>> {
        self.with(|servers| Some(servers.indexes.get(servers.aliases.get(alias)?)?.documents()))
    }
}

impl Servers {
    fn carry_out(&mut self, request: Request) -> Vec<Answer> {
        let ids = request.items.iter().map(|(id, _)| id.clone()).collect();
        let version = request.items.first().map_or(0, |(_, entry)| entry.version);
        self.writes.push((request.cause, version, ids));
        if self.keeps_nothing {
            let uuid = || Index::new(String::new());
            self.indexes.entry(request.generation.clone()).or_insert_with(uuid);
        }
        let Self { indexes, refused, .. } = self;
        let Some(index) = indexes.get_mut(&request.generation) else {
            let gone = Answer::Rejected { error_type: "index_not_found_exception".to_owned(), field: None };
            return vec![gone; request.items.len()];
        };
        let put = |(id, entry): (String, Entry)| match entry.json.is_some() && refused.contains(&id) {
            true => Answer::Rejected { error_type: "document_parsing_exception".to_owned(), field: None },
            false => index.put(&id, entry, request.cause),
        };
        request.items.into_iter().map(put).collect()
    }
}
