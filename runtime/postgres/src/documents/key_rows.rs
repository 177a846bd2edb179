//! Rows that are keys, and the requested keys that are missing among them.

use std::collections::HashSet;

use flusso_runtime::documents::{Key, Selection};
use tokio_postgres::Row;

use super::fault::Fault;
use super::splice::{Cells, key_of};
use super::transaction::TakeRows;

/// Collects the keys of one statement's rows.
#[derive(Debug)]
pub(super) struct KeyRows {
    parts: usize,
    /// The keys, in the order of the rows.
    pub(super) keys: Vec<Key>,
}

impl KeyRows {
    /// Of keys with so many parts.
    pub(super) fn new(parts: usize) -> Self {
        Self { parts, keys: Vec::new() }
    }
}

impl TakeRows for KeyRows {
    fn clear(&mut self) {
        self.keys.clear();
    }

    fn row(&mut self, _: usize, row: &Row) -> Result<(), Fault> {
        if row.count() != self.parts {
            return Err(Fault::Internal("a query for keys gives other columns than the key has".to_owned()));
        }
        self.keys.push(key_of(row, self.parts)?);
        Ok(())
    }

    fn end(&mut self, _: usize) -> Result<(), Fault> {
        Ok(())
    }
}

/// The requested keys that are not among `found`; empty for a range.
pub(super) fn missing<'k>(
    selection: &Selection,
    found: impl ExactSizeIterator<Item = &'k Key>,
) -> Result<Vec<Key>, Fault> {
    let Selection::Keys(wanted) = selection else { return Ok(Vec::new()) };
    let rows = found.len();
    let found: HashSet<&Key> = found.collect();
    if found.len() != rows {
        return Err(Fault::Internal("two documents have one key".to_owned()));
    }
    Ok(wanted.iter().filter(|key| !found.contains(key)).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key(vec![text.to_owned()])
    }

    #[test]
    fn a_key_that_does_not_come_back_is_missing() {
        let wanted = Selection::Keys(vec![key("1"), key("2"), key("3")]);
        let found = [key("3"), key("1")];
        assert_eq!(missing(&wanted, found.iter()), Ok(vec![key("2")]));
        assert_eq!(missing(&Selection::Range { after: None, up_to: None }, found.iter()), Ok(vec![]));
    }

    #[test]
    fn a_key_that_comes_twice_is_no_key() {
        let found = [key("1"), key("1")];
        assert!(missing(&Selection::Keys(vec![key("1")]), found.iter()).is_err());
    }
}
