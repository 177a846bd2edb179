//! Does a generation hold what the source says? Every key both ways, a sample of documents, and repair.
//!
//! Rule *swap* of docs/correctness.md.

mod judge;
mod keys;

use std::collections::BTreeSet;
use std::sync::Arc;

use flusso_lints::words::counted;

use crate::documents::{Key, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_KEYS_MAX, VERIFY_ROUNDS_MAX};
use crate::progress::ProgressEvent;
use crate::session::snapshot_write::SnapshotWrite;
use crate::session::{Session, Target};
use judge::Judge;
use keys::{Sample, SourceKeys};

/// Compares one generation with the source.
#[derive(Clone, Debug)]
pub(crate) struct Verify {
    /// The session, whose pipeline runs meanwhile.
    pub session: Arc<Session>,
    pub target: Target,
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    pub keys: u64,
    /// Documents built again and compared.
    pub compared: u64,
    /// Documents that were wrong and have been repaired.
    pub repaired: u64,
    /// Documents that changed too often to be compared.
    pub hot: u64,
}

/// The result of one comparison.
#[derive(Debug, Default)]
struct Compared {
    wrong: BTreeSet<Key>,
    hot: u64,
}

impl Verify {
    /// Compares keys and a sample, and repairs keys that are wrong. One wrong document in the sample
    /// means that nothing is known of the others: then every document is compared and repaired, and
    /// compared once more. [`ErrorKind::Findings`] where a difference outlives that.
    pub(crate) async fn run(&self) -> Result<Verified> {
        self.session.writer.sink().refresh(&self.target.generation).await?;
        let mut verified = Verified::default();
        let (mut suspects, sample) = self.missing_in_index(&mut verified).await?;
        suspects.extend(self.missing_in_source().await?);
        self.repair_keys(suspects, &mut verified).await?;
        let found = self.compare(sample, &mut verified).await?;
        verified.hot += found.hot;
        if !found.wrong.is_empty() {
            self.compare_all("a sampled document is wrong", &mut verified).await?;
        }
        Ok(verified)
    }

    /// Compares keys and every document, and repairs what is wrong. `why` is said.
    /// [`ErrorKind::Findings`] where a difference outlives the repair.
    pub(crate) async fn whole(&self, why: &str) -> Result<Verified> {
        self.session.writer.sink().refresh(&self.target.generation).await?;
        let mut verified = Verified::default();
        let left_over = self.missing_in_source().await?.into_iter().collect();
        self.repair_keys(left_over, &mut verified).await?;
        self.compare_all(why, &mut verified).await?;
        Ok(verified)
    }

    /// Every key of the source, asked of the index; and a sample of keys over the whole table.
    async fn missing_in_index(&self, verified: &mut Verified) -> Result<(BTreeSet<Key>, BTreeSet<Key>)> {
        let (mut missing, mut sample) = (BTreeSet::new(), Sample::default());
        let mut pages = SourceKeys::new(&self.session, self.target.index);
        while let Some(keys) = pages.next().await? {
            let ids: Vec<String> = keys.iter().map(Key::document_id).collect();
            let found = self.session.writer.sink().get_many(&self.target.generation, &ids).await?;
            verified.keys += keys.len() as u64;
            self.compared("key", verified.keys);
            for (key, document) in keys.into_iter().zip(found) {
                match document {
                    None => drop(missing.insert(key)),
                    Some(_) => sample.offer(key),
                }
            }
        }
        Ok((missing, sample.into_keys()))
    }

    /// Every id of the index, asked of the source.
    async fn missing_in_source(&self) -> Result<Vec<Key>> {
        let plan = self.session.index(self.target.index);
        let (mut missing, mut looked_up) = (Vec::new(), 0);
        let mut after: Option<String> = None;
        loop {
            let ids = self.session.writer.sink().ids_page(&self.target.generation, after.as_deref()).await?;
            let Some(last) = ids.last() else { return Ok(missing) };
            after = Some(last.clone());
            looked_up += ids.len() as u64;
            self.compared("document id", looked_up);
            let keys: Vec<Key> =
                ids.iter().filter_map(|id| Key::from_document_id(id, plan.key.len())).collect();
            for page in keys.chunks(BATCH_KEYS_MAX) {
                let selection = Selection::Keys(page.to_vec());
                let (there, _) = self.session.source.documents.keys(plan, &selection).await?;
                let there: BTreeSet<&Key> = there.iter().collect();
                missing.extend(page.iter().filter(|key| !there.contains(key)).cloned());
            }
        }
    }

    /// Repairs documents that are missing or left over until none is: what a run that died had under
    /// way is found here.
    async fn repair_keys(&self, mut suspects: BTreeSet<Key>, verified: &mut Verified) -> Result<()> {
        for round in 0..=VERIFY_ROUNDS_MAX {
            let found = self.compare(suspects, verified).await?;
            if found.wrong.is_empty() {
                return Ok(());
            }
            if round == 0 {
                verified.repaired += found.wrong.len() as u64;
            }
            if round == VERIFY_ROUNDS_MAX {
                return Err(self.still_different(found.wrong.len()));
            }
            self.repair(&found.wrong).await?;
            suspects = found.wrong;
        }
        Ok(())
    }

    /// Compares every document and repairs what is wrong, then compares every document again.
    async fn compare_all(&self, why: &str, verified: &mut Verified) -> Result<()> {
        let name = &self.target.generation.name;
        self.step(format!("compare every document of `{name}`: {why}"));
        let wrong = self.pass_over_all(verified, true).await?;
        if wrong == 0 {
            return Ok(());
        }
        verified.repaired += wrong;
        self.step(format!("compare every document of `{name}` again after the repair"));
        match self.pass_over_all(verified, false).await? {
            0 => Ok(()),
            wrong => Err(self.still_different(usize::try_from(wrong).unwrap_or(usize::MAX))),
        }
    }

    /// Compares every document the source has; returns how many are wrong.
    async fn pass_over_all(&self, verified: &mut Verified, repairs: bool) -> Result<u64> {
        let mut pages = SourceKeys::new(&self.session, self.target.index);
        let (mut wrong, mut page) = (0, BTreeSet::new());
        let before = verified.compared;
        loop {
            let next = pages.next().await?;
            let is_last = next.is_none();
            page.extend(next.into_iter().flatten());
            if page.len() >= BATCH_KEYS_MAX || is_last {
                let found = self.compare(std::mem::take(&mut page), verified).await?;
                wrong += found.wrong.len() as u64;
                verified.hot += found.hot;
                self.compared("document", verified.compared - before);
                if repairs {
                    self.repair(&found.wrong).await?;
                }
            }
            if is_last {
                return Ok(wrong);
            }
        }
    }

    async fn compare(&self, keys: BTreeSet<Key>, verified: &mut Verified) -> Result<Compared> {
        verified.compared += keys.len() as u64;
        Judge { session: &self.session, target: &self.target }.compare(keys).await
    }

    async fn repair(&self, keys: &BTreeSet<Key>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let position = self.session.confirmed.borrow().position;
        let targets = [self.target.clone()];
        let write =
            SnapshotWrite { session: &self.session, index: self.target.index, targets: &targets, position };
        write.settle(&Selection::Keys(keys.iter().cloned().collect())).await?;
        self.session.writer.sink().refresh(&self.target.generation).await
    }

    /// Says how far the pass under way is.
    fn compared(&self, what: &'static str, compared: u64) {
        let index = self.session.index(self.target.index).name.clone();
        self.session.options.progress.event(ProgressEvent::Verify { index, what, compared });
    }

    fn step(&self, what: String) {
        self.session.options.progress.event(ProgressEvent::Step(what));
    }

    fn still_different(&self, count: usize) -> Error {
        let index = &self.session.index(self.target.index).name;
        let documents = counted(count, "document");
        let message = format!("verification still finds {documents} of `{index}` wrong after a repair");
        Error::new(ErrorKind::Findings, message).with_help(
            "the alias was not moved; run `flusso apply` again, and report this if it happens twice",
        )
    }
}
