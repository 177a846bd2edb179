//! An even sample of a stream whose length is not known.

use std::collections::BTreeSet;

use crate::bounds::VERIFY_SAMPLE_DOCUMENTS;
use crate::documents::Key;

/// When it is full, every other key is dropped and the step doubled.
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

    /// The sampled keys.
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
