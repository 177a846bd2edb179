//! Every key of the source in pages, and an even sample of them.

use std::collections::BTreeSet;

use crate::documents::{Key, Selection};
use crate::error::Result;
use crate::limits::VERIFY_SAMPLE_DOCUMENTS;
use crate::session::Session;

/// Keys in one page.
const KEYS_PAGE: u64 = 2_000;

/// Pages through the keys of an index's root table, ascending.
pub(super) struct SourceKeys<'a> {
    session: &'a Session,
    index: usize,
    /// After which key the next page begins; none once the last page was returned.
    cursor: Option<Option<Key>>,
}

impl<'a> SourceKeys<'a> {
    /// From the first key on.
    pub(super) fn new(session: &'a Session, index: usize) -> Self {
        Self { session, index, cursor: Some(None) }
    }

    /// The next page, which may be empty; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Key>>> {
        let Some(after) = self.cursor.take() else { return Ok(None) };
        let (plan, documents) = (self.session.index(self.index), &self.session.source.documents);
        let up_to = documents.bound(plan, after.as_ref(), KEYS_PAGE).await?;
        self.cursor = up_to.clone().map(Some);
        let (keys, _) = documents.keys(plan, &Selection::Range { after, up_to }).await?;
        Ok(Some(keys))
    }
}

/// An even sample of a stream whose length is not known. When it is full, every other key is dropped and the
/// step doubled.
#[derive(Debug)]
pub(super) struct Sample {
    keys: BTreeSet<Key>,
    step: u64,
    offered: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { keys: BTreeSet::new(), step: 1, offered: 0 }
    }
}

impl Sample {
    /// The next key of the stream.
    pub(super) fn offer(&mut self, key: Key) {
        if self.offered.is_multiple_of(self.step) {
            self.keys.insert(key);
        }
        self.offered += 1;
        if self.keys.len() > VERIFY_SAMPLE_DOCUMENTS {
            let mut is_kept = false;
            self.keys.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.step *= 2;
        }
    }

    pub(super) fn into_keys(self) -> BTreeSet<Key> {
        self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_stays_small_and_spreads_over_everything() {
        let mut sample = Sample::default();
        for number in 0..100_000 {
            sample.offer(Key(vec![format!("{number:06}")]));
        }
        let keys = sample.into_keys();
        assert!((VERIFY_SAMPLE_DOCUMENTS / 2..=VERIFY_SAMPLE_DOCUMENTS).contains(&keys.len()));
        let last = keys.last().expect("a key");
        assert!(last.0[0].as_str() > "099000", "{last:?}");
    }
}
