//! Is what stands in an index what the source says? Keys both ways, a sample of documents, and repair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::bounds::{BATCH_KEYS_MAX, VERIFY_ROUNDS_MAX, VERIFY_SAMPLE_DOCUMENTS};
use crate::documents::{Key, Selection, halves};
use crate::durability::wait_durable;
use crate::error::{Error, ErrorKind, Result};
use crate::eventless::Eventless;
use crate::feed::Feed;
use crate::session::Session;

/// Keys in one page of the source's side.
const KEYS_PAGE: u64 = 2_000;
/// Documents that are compared at once.
const COMPARE_PAGE: usize = 500;

/// Compares one generation with the source.
#[derive(Clone, Debug)]
pub struct Verify {
    /// The session, whose pipeline runs meanwhile.
    pub session: Arc<Session>,
    /// The generation.
    pub feed: Feed,
}

/// What a verification found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Keys compared.
    pub keys: u64,
    /// Documents built again and compared.
    pub sampled: u64,
    /// Documents that were wrong and have been repaired.
    pub repaired: u64,
}

impl Verify {
    /// Compares, and repairs what is still different after the follower has passed it. A difference
    /// that outlives every round is an error.
    pub async fn run(&self) -> Result<Verified> {
        let sink = self.session.writer.sink();
        sink.refresh(&self.feed.generation).await?;
        let mut verified = Verified::default();
        let (mut suspects, sample) = self.missing_in_index(&mut verified).await?;
        suspects.extend(self.missing_in_source().await?);
        suspects.extend(self.different(&sample).await?);
        verified.sampled = sample.len() as u64;
        for _ in 0..VERIFY_ROUNDS_MAX {
            if suspects.is_empty() {
                return Ok(verified);
            }
            suspects = self.different_after_passing(suspects).await?;
            verified.repaired += suspects.len() as u64;
            self.repair(&suspects).await?;
        }
        match self.different_after_passing(suspects).await? {
            left if left.is_empty() => Ok(verified),
            left => Err(self.still_different(left.len())),
        }
    }

    /// Every key of the source, asked of the index; and a sample of keys over the whole table.
    async fn missing_in_index(&self, verified: &mut Verified) -> Result<(BTreeSet<Key>, BTreeSet<Key>)> {
        let Session { source, writer, .. } = &*self.session;
        let plan = self.session.index(self.feed.index);
        let (mut missing, mut sample) = (BTreeSet::new(), Sample::default());
        let mut after: Option<Key> = None;
        loop {
            let up_to = source.documents.bound(plan, after.as_ref(), KEYS_PAGE).await?;
            let selection = Selection::Range { after, up_to: up_to.clone() };
            let (keys, _) = source.documents.keys(plan, &selection).await?;
            let ids: Vec<String> = keys.iter().map(Key::document_id).collect();
            let found = writer.sink().get_many(&self.feed.generation, &ids).await?;
            verified.keys += keys.len() as u64;
            for (key, document) in keys.into_iter().zip(found) {
                match document {
                    None => drop(missing.insert(key)),
                    Some(_) => sample.offer(key),
                }
            }
            match up_to {
                None => return Ok((missing, sample.keys)),
                key => after = key,
            }
        }
    }

    /// Every id of the index, asked of the source.
    async fn missing_in_source(&self) -> Result<Vec<Key>> {
        let plan = self.session.index(self.feed.index);
        let mut missing = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let ids = self.session.writer.sink().ids_page(&self.feed.generation, after.as_deref()).await?;
            let Some(last) = ids.last() else { return Ok(missing) };
            after = Some(last.clone());
            let keys: Vec<Key> =
                ids.iter().filter_map(|id| Key::from_document_id(id, plan.key.len())).collect();
            for page in keys.chunks(BATCH_KEYS_MAX) {
                let asked = Selection::Keys(page.to_vec());
                let (there, _) = self.session.source.documents.keys(plan, &asked).await?;
                let there: BTreeSet<&Key> = there.iter().collect();
                missing.extend(page.iter().filter(|key| !there.contains(key)).cloned());
            }
        }
    }

    /// Of these keys, those whose document in the index is not what the source builds now.
    async fn different(&self, keys: &BTreeSet<Key>) -> Result<BTreeSet<Key>> {
        let Session { source, writer, .. } = &*self.session;
        let plan = self.session.index(self.feed.index);
        let keys: Vec<Key> = keys.iter().cloned().collect();
        let mut different = BTreeSet::new();
        let mut todo: Vec<Vec<Key>> = keys.chunks(COMPARE_PAGE).map(<[Key]>::to_vec).collect();
        while let Some(page) = todo.pop() {
            let built = match source.documents.build(plan, &Selection::Keys(page.clone()), &[]).await {
                Err(error) if error.kind == ErrorKind::TooMuch => {
                    todo.extend(halves(page, error)?);
                    continue;
                }
                built => built?,
            };
            wait_durable(&source.capture, built.snapshot.note).await?;
            let wanted: BTreeMap<&Key, &[u8]> =
                built.documents.iter().map(|item| (item.key, item.json)).collect();
            let ids: Vec<String> = page.iter().map(Key::document_id).collect();
            let found = writer.sink().get_many(&self.feed.generation, &ids).await?;
            for (key, document) in page.iter().zip(found) {
                let there = document.as_ref().map(|document| document.json.as_slice());
                if !same_document(wanted.get(key).copied(), there) {
                    different.insert(key.clone());
                }
            }
        }
        Ok(different)
    }

    /// The same, once the follower has passed everything that had happened when they were found.
    async fn different_after_passing(&self, keys: BTreeSet<Key>) -> Result<BTreeSet<Key>> {
        self.session.wait_passed().await?;
        self.different(&keys).await
    }

    async fn repair(&self, keys: &BTreeSet<Key>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let position = self.session.confirmed.borrow().position;
        let feeds = [self.feed.clone()];
        let eventless = Eventless { session: &self.session, index: self.feed.index, feeds: &feeds, position };
        eventless.settle(&Selection::Keys(keys.iter().cloned().collect())).await?;
        self.session.writer.sink().refresh(&self.feed.generation).await
    }

    fn still_different(&self, count: usize) -> Error {
        let index = &self.session.index(self.feed.index).name;
        let message =
            format!("{count} documents of `{index}` are still wrong after {VERIFY_ROUNDS_MAX} repairs");
        Error::new(ErrorKind::Findings, message).with_help(
            "the alias was not moved; run `flusso apply` again, and report this if it happens twice",
        )
    }
}

/// An even sample of a stream whose length is not known: when it is full, every other key is dropped
/// and the step doubled.
#[derive(Debug)]
struct Sample {
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
    fn offer(&mut self, key: Key) {
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
}

fn same_document(wanted: Option<&[u8]>, found: Option<&[u8]>) -> bool {
    match (wanted, found) {
        (None, None) => true,
        (Some(wanted), Some(found)) => wanted == found || is_same_json(wanted, found),
        _ => false,
    }
}

fn is_same_json(wanted: &[u8], found: &[u8]) -> bool {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    matches!((parse(wanted), parse(found)), (Some(wanted), Some(found)) if wanted == found)
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
        assert!((VERIFY_SAMPLE_DOCUMENTS / 2..=VERIFY_SAMPLE_DOCUMENTS).contains(&sample.keys.len()));
        let last = sample.keys.last().expect("a key");
        assert!(last.0[0].as_str() > "099000", "{last:?}");
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        assert!(same_document(Some(b"{\"a\":1,\"b\":2}"), Some(b"{\"b\":2, \"a\":1}")));
        assert!(!same_document(Some(b"{\"a\":1}"), Some(b"{\"a\":2}")));
        assert!(!same_document(Some(b"{}"), None));
        assert!(same_document(None, None));
    }
}
