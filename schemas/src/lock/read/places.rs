//! Where the keys of a block were, for what is checked once all of it is read.

use std::collections::BTreeMap;

/// The place of a block and of everything in it, as bytes of the text.
#[derive(Debug)]
pub(in crate::lock) struct Places {
    /// Where the block begins.
    pub(in crate::lock) at: usize,
    keys: BTreeMap<String, usize>,
    blocks: BTreeMap<String, Vec<Places>>,
}

impl Places {
    /// The places of a block before any of its keys is read.
    pub(super) fn new(at: usize) -> Self {
        Self { at, keys: BTreeMap::new(), blocks: BTreeMap::new() }
    }

    /// The value of a key begins here.
    pub(super) fn add(&mut self, name: &str, at: usize) {
        self.keys.insert(name.to_owned(), at);
    }

    /// The blocks below a key.
    pub(super) fn add_blocks(&mut self, name: &str, places: Vec<Self>) {
        self.blocks.insert(name.to_owned(), places);
    }

    /// Where the value of a key begins; the block itself where the key was left out.
    pub(in crate::lock) fn of(&self, name: &str) -> usize {
        self.keys.get(name).copied().unwrap_or(self.at)
    }

    /// The places of the blocks below a key.
    pub(in crate::lock) fn blocks(&self, name: &str) -> &[Self] {
        self.blocks.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
