//! Compares a document with the source while both change: by version, never by the moment of the look.
//!
//! Each look builds a document in a snapshot at log position N and then reads the index. Equal is
//! right. An index version above `v(N)` is newer than our look, which is right too. Anything else may
//! only mean that the follower has not come that far, so the next look waits until N is confirmed.
//!
//! Three looks in a row that find the index unmoved prove a difference: the second build saw
//! everything that the first read of the index could hold, the follower has passed whatever changed
//! since, and the index still holds neither. Two looks would not do: what the index holds may have been
//! built in a snapshot newer than our first.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use flusso_schemas::lsn::Lsn;
use serde_json::Value;

use super::Compared;
use crate::documents::{Built, Key, Selection, halves};
use crate::error::{ErrorKind, Result};
use crate::limits::VERIFY_LOOKS_MAX;
use crate::session::{Session, Target};
use crate::sink::StoredDocument;

/// Documents that are built at once.
const COMPARE_PAGE: usize = 500;
/// Looks in a row without a move of the index that prove a difference.
const LOOKS_UNMOVED: usize = 3;

/// Compares documents of one generation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    pub(super) session: &'a Session,
    pub(super) target: &'a Target,
}

/// What an index held under a key: version and a hash of the document; none without a document.
type IndexedDocument = Option<(u64, u64)>;

/// What is known of a key whose document was not right yet.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    held: IndexedDocument,
    /// Looks in a row that found the same.
    unmoved: usize,
}

/// The result of one look at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The index has the document that was built, or a newer one.
    Right,
    /// Something else, at a version that is not newer.
    Other(IndexedDocument),
}

impl Judge<'_> {
    /// Looks at these keys until each is known to be right or wrong, within a bound.
    pub(super) async fn compare(&self, keys: BTreeSet<Key>) -> Result<Compared> {
        let mut compared = Compared::default();
        let mut open: BTreeMap<Key, Option<Suspect>> = keys.into_iter().map(|key| (key, None)).collect();
        for _ in 0..VERIFY_LOOKS_MAX {
            if open.is_empty() {
                return Ok(compared);
            }
            let (found, position) = self.look(open.keys().cloned().collect()).await?;
            for (key, found) in found {
                let before = open.remove(&key).flatten();
                match again(before, found) {
                    Some(suspect) if suspect.unmoved >= LOOKS_UNMOVED => drop(compared.wrong.insert(key)),
                    Some(suspect) => drop(open.insert(key, Some(suspect))),
                    None => {}
                }
            }
            if !open.is_empty() {
                self.session.wait_confirmed(position).await?;
            }
        }
        compared.hot = open.len() as u64;
        Ok(compared)
    }

    /// One look at each key, and the highest position that its snapshots saw.
    async fn look(&self, keys: Vec<Key>) -> Result<(Vec<(Key, Found)>, Lsn)> {
        let documents = &self.session.source.documents;
        let plan = self.session.index(self.target.index);
        let mut todo: Vec<Vec<Key>> = keys.chunks(COMPARE_PAGE).map(<[Key]>::to_vec).collect();
        let (mut all, mut position) = (Vec::with_capacity(keys.len()), Lsn::ZERO);
        while let Some(page) = todo.pop() {
            match documents.build(plan, &Selection::Keys(page.clone()), &[]).await {
                Err(error) if error.kind == ErrorKind::TooMuch => todo.extend(halves(page, error)?),
                built => {
                    let built = built?;
                    position = position.max(built.snapshot.lsn);
                    all.extend(self.read(page, &built).await?);
                }
            }
        }
        Ok((all, position))
    }

    /// What the index holds beside what was just built.
    async fn read(&self, page: Vec<Key>, built: &Built) -> Result<Vec<(Key, Found)>> {
        let Session { writer, .. } = self.session;
        let built_up_to = built.snapshot.lsn.version();
        let wanted: BTreeMap<&Key, &[u8]> =
            built.documents.iter().map(|item| (item.key, item.json)).collect();
        let ids: Vec<String> = page.iter().map(Key::document_id).collect();
        let held = writer.sink().get_many(&self.target.generation, &ids).await?;
        let mut all = Vec::with_capacity(page.len());
        for (key, held) in page.into_iter().zip(held) {
            let newer = held.as_ref().map(|held| held.version).filter(|version| *version > built_up_to);
            if let Some(version) = newer {
                writer.judge_newer(&self.target.generation, &key, version).await?;
            }
            let is_right = newer.is_some() || same_document(wanted.get(&key).copied(), held.as_ref());
            let found = if is_right { Found::Right } else { Found::Other(held.as_ref().map(identity)) };
            all.push((key, found));
        }
        Ok(all)
    }
}

/// What is known of a key after one more look; none once its document is right.
fn again(before: Option<Suspect>, found: Found) -> Option<Suspect> {
    let Found::Other(held) = found else { return None };
    let unmoved = before.filter(|before| before.held == held).map_or(0, |before| before.unmoved);
    Some(Suspect { held, unmoved: unmoved + 1 })
}

fn identity(held: &StoredDocument) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    held.json.hash(&mut hasher);
    (held.version, hasher.finish())
}

fn same_document(wanted: Option<&[u8]>, held: Option<&StoredDocument>) -> bool {
    match (wanted, held) {
        (None, None) => true,
        (Some(wanted), Some(held)) => wanted == held.json || is_same_json(wanted, &held.json),
        _ => false,
    }
}

/// What Postgres calls JSON is more than a parser here takes (`1e400`, a lone surrogate); such a document is compared as
/// text without the spaces that a server may add between tokens.
fn is_same_json(wanted: &[u8], held: &[u8]) -> bool {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    match (parse(wanted), parse(held)) {
        (Some(wanted), Some(held)) => wanted == held,
        (None, None) => without_spaces(wanted).eq(without_spaces(held)),
        _ => false,
    }
}

/// The bytes of a JSON text without the spaces between its tokens.
fn without_spaces(json: &[u8]) -> impl Iterator<Item = u8> {
    let (mut in_string, mut escaped) = (false, false);
    json.iter().copied().filter(move |byte| {
        let is_space = !in_string && byte.is_ascii_whitespace();
        in_string ^= *byte == b'"' && !escaped;
        escaped = in_string && *byte == b'\\' && !escaped;
        !is_space
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &[u8]) -> StoredDocument {
        StoredDocument { version: 7, json: json.to_vec() }
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        assert!(same_document(Some(b"{\"a\":1,\"b\":2}"), Some(&document(b"{\"b\":2, \"a\":1}"))));
        assert!(!same_document(Some(b"{\"a\":1}"), Some(&document(b"{\"a\":2}"))));
        assert!(!same_document(Some(b"{}"), None));
        assert!(same_document(None, None));
        assert!(same_document(Some(b"{\"a\":1e400}"), Some(&document(b"{\"a\": 1e400}"))));
        assert!(!same_document(Some(b"{\"a\":1e400}"), Some(&document(b"{\"a\":1e401}"))));
        assert!(!same_document(Some(br#"{"a":"\ud800 "}"#), Some(&document(br#"{"a":"\ud800"}"#))));
    }

    #[test]
    fn an_index_that_moves_begins_the_count_of_looks_again() {
        let first = again(None, Found::Other(Some((7, 1)))).expect("a suspect");
        let unmoved = again(Some(first), Found::Other(Some((7, 1)))).expect("a suspect");
        assert_eq!((first.unmoved, unmoved.unmoved), (1, 2));
        let moved = again(Some(unmoved), Found::Other(Some((8, 1)))).expect("a suspect");
        let overwritten = again(Some(unmoved), Found::Other(Some((7, 2)))).expect("a suspect");
        let deleted = again(Some(unmoved), Found::Other(None)).expect("a suspect");
        assert_eq!([moved.unmoved, overwritten.unmoved, deleted.unmoved], [1, 1, 1]);
        assert!(again(Some(unmoved), Found::Right).is_none());
    }
}
