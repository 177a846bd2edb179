//! The keys of one table: each is taken once, and what is left is unknown.

use std::collections::BTreeMap;
use std::fmt::Display;

use toml::de::DeTable;

use super::item::Item;
use super::problem::{Problem, Result};

/// The keys of one table that are not taken yet.
pub(super) struct Keys<'i> {
    what: String,
    at: usize,
    items: BTreeMap<String, Item<'i>>,
}

impl<'i> Keys<'i> {
    /// The keys of a table, which errors call `what`.
    pub(super) fn new(what: impl Into<String>, at: usize, table: DeTable<'i>) -> Self {
        let items = table.into_iter().map(|(key, value)| {
            let key_at = key.span().start;
            let name = key.into_inner().into_owned();
            (name.clone(), Item::new(name, key_at, value))
        });
        Self { what: what.into(), at, items: items.collect() }
    }

    /// A better name, once it is known.
    pub(super) fn rename(&mut self, what: String) {
        self.what = what;
    }

    /// Takes a key that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<Item<'i>> {
        let missing = || Problem::new(self.at, format!("{} has no `{name}`", self.what));
        self.items.remove(name).ok_or_else(missing)
    }

    /// Takes a key that may be absent.
    pub(super) fn optional(&mut self, name: &str) -> Option<Item<'i>> {
        self.items.remove(name)
    }

    /// Takes a flag: a value at its default of `false` is left out.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool> {
        self.optional(name).map_or(Ok(false), Item::boolean)
    }

    /// Takes a string that may be absent.
    pub(super) fn optional_string(&mut self, name: &str) -> Result<Option<String>> {
        self.optional(name).map(Item::string).transpose()
    }

    /// Takes a list that may be absent, which is as if it were empty.
    pub(super) fn optional_list<T>(
        &mut self,
        name: &str,
        read: impl FnMut(Item<'i>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.optional(name).map_or(Ok(Vec::new()), |item| item.list_of(read))
    }

    /// Takes a map that may be absent, which is as if it were empty.
    pub(super) fn optional_map<K: Ord + Display, V>(
        &mut self,
        name: &str,
        read: impl FnMut(Item<'i>) -> Result<(K, V)>,
    ) -> Result<BTreeMap<K, V>> {
        self.optional(name).map_or(Ok(BTreeMap::new()), |item| item.map(read))
    }

    /// Whether a key is there and not taken yet.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    /// A problem of the whole table.
    pub(super) fn problem(&self, message: String) -> Problem {
        Problem::new(self.at, format!("{} {message}", self.what))
    }

    /// Takes all that is left, in the order of the text.
    pub(super) fn in_text_order(self) -> Vec<Item<'i>> {
        let mut items: Vec<_> = self.items.into_values().collect();
        items.sort_by_key(|item| item.key_at);
        items
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<()> {
        let what = self.what.clone();
        match self.in_text_order().first() {
            None => Ok(()),
            Some(unknown) => Err(Problem::new(
                unknown.key_at,
                format!("{what} has a key that is not known: `{}`", unknown.name),
            )),
        }
    }
}
