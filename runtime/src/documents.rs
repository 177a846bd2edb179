//! Documents as bytes on their way from a source to a sink, and their keys.

use std::ops::Range;
use std::time::{Duration, Instant};

use flusso_schemas::document_id;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::TableName;

use crate::error::{Error, ErrorKind, Result};

/// A key: its parts in order, each as text that the source printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<String>);

impl Key {
    /// The `_id` of the document with this key.
    pub fn document_id(&self) -> String {
        document_id::join(&self.0)
    }

    /// The key of an `_id` made for a key of `arity` parts; `None` if someone else wrote that document.
    pub fn from_document_id(id: &str, arity: usize) -> Option<Self> {
        document_id::split(id, arity).map(Self)
    }

    /// How many bytes its parts have.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }
}

/// Many documents in one arena. Each is one line of JSON without a line feed.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    arena: Vec<u8>,
    items: Vec<(Key, Range<usize>)>,
}

/// A document within [`Documents`], without a copy of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentRef<'a> {
    /// Key of the root row, from which the `_id` is made.
    pub key: &'a Key,
    /// Its JSON, one line.
    pub json: &'a [u8],
}

impl Documents {
    /// The arena that the next document is printed to; [`Self::close`] ends it.
    pub fn arena(&mut self) -> &mut Vec<u8> {
        &mut self.arena
    }

    /// Everything that was printed since `start` is the document of `key`.
    pub fn close(&mut self, key: Key, start: usize) {
        self.items.push((key, start..self.arena.len()));
    }

    /// Adds a whole document.
    pub fn push(&mut self, key: Key, json: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(json);
        self.close(key, start);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes of all documents.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Each document in the order it was built.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = DocumentRef<'_>> {
        self.items.iter().map(|(key, range)| DocumentRef { key, json: &self.arena[range.clone()] })
    }
}

/// The documents to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These keys. One that does not come back has no document.
    Keys(Vec<Key>),
    /// The keys in `(after, up_to]`; open where none.
    Range {
        /// Exclusive lower bound; none from the first key.
        after: Option<Key>,
        /// Inclusive upper bound; none to the last key.
        up_to: Option<Key>,
    },
}

/// Both halves of keys that were too much for one reading transaction; at one key the error itself: a
/// person must look.
pub(crate) fn halves(keys: Vec<Key>, error: Error) -> Result<[Vec<Key>; 2]> {
    if keys.len() < 2 {
        return Err(error.into_kind(ErrorKind::Rejected));
    }
    let (front, back) = keys.split_at(keys.len() / 2);
    Ok([front.to_vec(), back.to_vec()])
}

/// The documents of one reading transaction.
#[derive(Clone, Debug)]
pub struct Built {
    /// The documents that exist, each with its key.
    pub documents: Documents,
    /// Requested keys that have no document; empty for a range.
    pub missing: Vec<Key>,
    /// The snapshot's description, to judge later whether it still holds.
    pub snapshot: Snapshot,
}

impl Built {
    /// Every key it says something of: those of documents in their order, then the missing ones.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.iter().map(|item| item.key).chain(&self.missing)
    }
}

/// When and of what a reading transaction took its snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Insert position of the log inside the snapshot: everything that it saw lies below.
    pub lsn: Lsn,
    /// The source's own clock inside the snapshot, microseconds since 1970-01-01 UTC.
    pub source_clock_us: i64,
    /// Our monotonic clock just before BEGIN.
    pub began: Instant,
    /// File node of each table that was locked.
    pub file_nodes: Vec<(TableName, u32)>,
}

impl Snapshot {
    /// How long ago it began, by our own clock.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }
}
