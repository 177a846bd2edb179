//! One concrete index: external versions, tombstones, what is durable and what can be found.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::ownership::Ownership;

use flusso_runtime::sink::{Answer, WriteCause};

/// The entry of an id: a document, or `None` for a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its external version.
    pub version: u64,
    /// Its JSON.
    pub json: Option<Vec<u8>>,
}

/// What one write did, to be undone by a crash.
#[derive(Clone, Debug)]
pub(super) struct Undone {
    id: String,
    before: Option<Entry>,
    version: u64,
    cause: WriteCause,
}

/// A concrete index.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Its uuid.
    pub uuid: String,
    /// Tells a restored index from what it was.
    pub history_uuid: String,
    /// Its primary's term: another one may have lost tombstones.
    pub term: u64,
    /// Who made it.
    pub ownership: Option<Ownership>,
    /// Whether its write alias is there.
    pub has_write_alias: bool,
    /// Settings that were set on it.
    pub settings: BTreeMap<String, Option<String>>,
    entries: BTreeMap<String, Entry>,
    not_durable: Vec<Undone>,
    found: BTreeSet<String>,
}

impl Index {
    /// An empty one.
    pub(crate) fn new(uuid: String) -> Self {
        let history_uuid = format!("{uuid}-history");
        let (entries, not_durable, found) = Default::default();
        let (ownership, settings) = (None, BTreeMap::new());
        Self {
            uuid,
            history_uuid,
            term: 1,
            ownership,
            has_write_alias: true,
            settings,
            entries,
            not_durable,
            found,
        }
    }

    /// Writes one item under `external_gte`.
    pub(crate) fn put(&mut self, id: &str, entry: Entry, cause: WriteCause) -> Answer {
        let before = self.entries.get(id).cloned();
        if let Some(newer) = before.as_ref().filter(|before| before.version > entry.version) {
            return Answer::Newer(newer.version);
        }
        self.not_durable.push(Undone { id: id.to_owned(), before, version: entry.version, cause });
        self.entries.insert(id.to_owned(), entry);
        Answer::Done
    }

    /// Someone else writes a document at a version of their own.
    pub(crate) fn overwrite(&mut self, id: &str, version: u64) {
        self.entries.insert(id.to_owned(), Entry { version, json: Some(b"{}".to_vec()) });
    }

    /// One entry.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// Every document, without tombstones.
    pub(crate) fn documents(&self) -> BTreeMap<String, Vec<u8>> {
        let live = self.entries.iter().filter_map(|(id, entry)| Some((id.clone(), entry.json.clone()?)));
        live.collect()
    }

    /// Everything is durable.
    pub(crate) fn flush(&mut self) {
        self.not_durable.clear();
    }

    /// Whether a change's document below this version could still be lost.
    pub(crate) fn could_lose_event_below(&self, version: u64) -> bool {
        self.not_durable.iter().any(|undone| undone.cause == WriteCause::Event && undone.version < version)
    }

    /// Every document can be found.
    pub(crate) fn refresh(&mut self) {
        self.found = self.documents().into_keys().collect();
    }

    /// A page of what can be found.
    pub(crate) fn page(&self, after: Option<&str>, ids: usize) -> Vec<String> {
        let is_after = |id: &&String| after.is_none_or(|after| id.as_str() > after);
        self.found.iter().filter(is_after).take(ids).cloned().collect()
    }

    /// Tombstones die, as when a primary restarts or moves.
    pub(crate) fn lose_tombstones(&mut self) {
        self.term += 1;
        self.expire_tombstones();
    }

    /// Tombstones die of age.
    pub(crate) fn expire_tombstones(&mut self) {
        self.entries.retain(|_, entry| entry.json.is_some());
        for undone in &mut self.not_durable {
            undone.before.take_if(|before| before.json.is_none());
        }
    }

    /// What was not durable never happened; tombstones are gone.
    pub(crate) fn crash(&mut self) {
        while let Some(Undone { id, before, .. }) = self.not_durable.pop() {
            match before {
                Some(before) => drop(self.entries.insert(id, before)),
                None => drop(self.entries.remove(&id)),
            }
        }
        self.lose_tombstones();
        self.refresh();
    }
}
