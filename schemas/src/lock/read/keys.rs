//! The keys of one table: each is taken once, and what is left is unknown.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::item::Item;
use super::places::Places;
use super::problem::{Problem, Result};

/// The keys of one table that are not taken yet, and the places of those that are.
pub(in crate::lock) struct Keys<'i> {
    what: String,
    items: BTreeMap<String, Item<'i>>,
    places: Places,
}

impl<'i> Keys<'i> {
    /// The keys of a table, which errors call `what`.
    pub(super) fn new(what: impl Into<String>, at: usize, table: DeTable<'i>) -> Self {
        let items = table.into_iter().map(|(key, value)| {
            let key_at = key.span().start;
            let name = key.into_inner().into_owned();
            (name.clone(), Item::new(name, key_at, value))
        });
        Self { what: what.into(), items: items.collect(), places: Places::new(at) }
    }

    /// Takes a key that must be there.
    pub(in crate::lock) fn required(&mut self, name: &str) -> Result<Item<'i>> {
        self.optional(name).map_or_else(|| self.missing(name), Ok)
    }

    /// The problem that a key is not there.
    pub(in crate::lock) fn missing<T>(&self, name: &str) -> Result<T> {
        Err(self.problem(&format!("has no `{name}`")))
    }

    /// Takes a key that may be absent.
    pub(in crate::lock) fn optional(&mut self, name: &str) -> Option<Item<'i>> {
        let item = self.items.remove(name)?;
        self.places.add(name, item.at);
        Some(item)
    }

    /// Whether a key is there and not taken yet.
    pub(in crate::lock) fn holds(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    /// Takes the keys for which `wanted` holds, in the order of the text.
    pub(in crate::lock) fn take_where(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<Item<'i>> {
        let names: Vec<String> = self.items.keys().filter(|name| wanted(name)).cloned().collect();
        let mut items: Vec<_> = names.iter().filter_map(|name| self.items.remove(name)).collect();
        items.sort_by_key(|item| item.key_at);
        items
    }

    /// Notes the places of the blocks below a key.
    pub(in crate::lock) fn add_blocks(&mut self, name: &str, places: Vec<Places>) {
        self.places.add_blocks(name, places);
    }

    /// A problem of the whole table.
    pub(in crate::lock) fn problem(&self, message: &str) -> Problem {
        Problem::new(self.places.at, format!("{} {message}", self.what))
    }

    /// Refuses what was not taken; gives the places of what was.
    pub(in crate::lock) fn finish(mut self) -> Result<Places> {
        match self.take_where(|_| true).first() {
            None => Ok(self.places),
            Some(unknown) => {
                let message = format!("unknown key `{}` in {}", unknown.name, self.what);
                Err(Problem::new(unknown.key_at, message))
            }
        }
    }
}
