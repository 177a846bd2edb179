//! How a key of a block is laid out, read and documented, where its type alone does not say it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use super::block::{Block, Checked, Entry, KeyDocs, read_checked};
use super::form::Form;
use super::print::Spelled;
use super::read::item::{Item, follows};
use super::read::keys::Keys;
use super::read::problem::{Problem, Result};

/// A way to keep a `T` under one key, or spread over several.
pub(super) trait Codec<T> {
    /// The entries of its keys; empty if it is left out.
    fn entries(name: &'static str, value: &T) -> Vec<Entry>;

    /// Reads the value from its keys.
    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<T>;

    /// How docs/lock.md describes its keys.
    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs>;
}

/// The documentation of one key.
pub(super) fn key_docs(name: &str, form: String, optional: bool, docs: &str) -> Vec<KeyDocs> {
    let (name, docs) = (name.to_owned(), docs.to_owned());
    vec![KeyDocs { name, form, optional, docs, in_fingerprint: false }]
}

fn spelled(name: &str, spelled: Spelled) -> Vec<Entry> {
    vec![Entry { name: name.to_owned(), spelled, in_fingerprint: false }]
}

/// A value on one line, as its type is spelled.
pub(super) struct Plain;

impl<T: Form> Codec<T> for Plain {
    fn entries(name: &'static str, value: &T) -> Vec<Entry> {
        value.value().map(|value| Entry::line(name, value)).into_iter().collect()
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<T> {
        match (keys.optional(name), T::absent()) {
            (Some(item), _) => T::read(item),
            (None, Some(absent)) => Ok(absent),
            (None, None) => keys.missing(name),
        }
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, T::words(), T::absent().is_some(), docs)
    }
}

/// A list or a map that is left out where it is empty.
pub(super) struct LeftOutIfEmpty<C = Plain>(PhantomData<C>);

impl<T: Default + PartialEq, C: Codec<T>> Codec<T> for LeftOutIfEmpty<C> {
    fn entries(name: &'static str, value: &T) -> Vec<Entry> {
        if *value == T::default() { Vec::new() } else { C::entries(name, value) }
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<T> {
        if keys.holds(name) { C::read(keys, name) } else { Ok(T::default()) }
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        C::keys(name, docs).into_iter().map(|key| KeyDocs { optional: true, ..key }).collect()
    }
}

/// A key that the block's digest follows.
pub(super) struct ThenDigest<C = Plain>(PhantomData<C>);

impl<T, C: Codec<T>> Codec<T> for ThenDigest<C> {
    fn entries(name: &'static str, value: &T) -> Vec<Entry> {
        let mut entries = C::entries(name, value);
        entries.extend(spelled("digest", Spelled::Digest));
        entries
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<T> {
        let value = C::read(keys, name)?;
        keys.required("digest")?.hash()?;
        Ok(value)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        let digest = "Hash of the block's own bytes without this line: an edited block is refused.";
        let mut keys = C::keys(name, docs);
        keys.extend(key_docs("digest", "hash".to_owned(), false, digest));
        keys
    }
}

/// The first 16 hexadecimal digits of a SHA-256.
pub(super) struct Hash;

impl Codec<String> for Hash {
    fn entries(name: &'static str, value: &String) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<String> {
        keys.required(name)?.hash()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "hash".to_owned(), false, docs)
    }
}

/// A text that holds something.
pub(super) struct Filled;

impl Codec<String> for Filled {
    fn entries(name: &'static str, value: &String) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<String> {
        keys.required(name)?.filled_string()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "text".to_owned(), false, docs)
    }
}

impl Codec<Option<String>> for Filled {
    fn entries(name: &'static str, value: &Option<String>) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Option<String>> {
        keys.optional(name).map(Item::filled_string).transpose()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "text".to_owned(), true, docs)
    }
}

/// A text on lines of its own: SQL.
pub(super) struct Lines;

impl Codec<String> for Lines {
    fn entries(name: &'static str, value: &String) -> Vec<Entry> {
        spelled(name, Spelled::Lines(value.clone()))
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<String> {
        keys.required(name)?.string()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "SQL".to_owned(), false, docs)
    }
}

impl Codec<Option<String>> for Lines {
    fn entries(name: &'static str, value: &Option<String>) -> Vec<Entry> {
        value.iter().flat_map(|value| Self::entries(name, value)).collect()
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Option<String>> {
        keys.optional(name).map(Item::string).transpose()
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, "SQL".to_owned(), true, docs)
    }
}

/// A list whose order says nothing: sorted, each item once.
pub(super) struct Sorted;

impl<T: Form + Ord + Display> Codec<Vec<T>> for Sorted {
    fn entries(name: &'static str, value: &Vec<T>) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<T>> {
        keys.required(name)?.sorted(T::read)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, format!("sorted {}", Vec::<T>::words()), false, docs)
    }
}

/// A list that is never empty.
pub(super) struct Several;

impl<T: Form> Codec<Vec<T>> for Several {
    fn entries(name: &'static str, value: &Vec<T>) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<T>> {
        let item = keys.required(name)?;
        let at = item.at;
        let items = item.list_of(T::read)?;
        if items.is_empty() { Err(Problem::new(at, format!("`{name}` is empty"))) } else { Ok(items) }
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, Vec::<T>::words(), false, docs)
    }
}

/// A map with an entry a line, under a head of its own: `[index.fields]`. Left out where it is empty.
pub(super) struct Section;

impl<K, V> Codec<BTreeMap<K, V>> for Section
where
    K: Display + FromStr<Err: Display> + Ord,
    V: Form,
{
    fn entries(name: &'static str, value: &BTreeMap<K, V>) -> Vec<Entry> {
        if value.is_empty() {
            return Vec::new();
        }
        let lines = value.iter().filter_map(|(name, value)| Some((name.to_string(), value.value()?)));
        spelled(name, Spelled::Section(lines.collect()))
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<BTreeMap<K, V>> {
        keys.optional(name).map_or(Ok(BTreeMap::new()), BTreeMap::read)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, format!("section, {}", BTreeMap::<K, V>::words()), true, docs)
    }
}

/// One block with a head of its own: `[source]`.
pub(super) struct Table;

impl<B: Block> Codec<B> for Table {
    fn entries(name: &'static str, value: &B) -> Vec<Entry> {
        spelled(name, Spelled::Table(value.entries()))
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<B> {
        let mut below = keys.required(name)?.block(B::WHAT)?;
        let block = B::read(&mut below)?;
        below.finish()?;
        Ok(block)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, format!("block `[{name}]`"), false, docs)
    }
}

/// The keys of a struct in the midst of another's.
pub(super) struct Flat;

impl<B: Block> Codec<B> for Flat {
    fn entries(_name: &'static str, value: &B) -> Vec<Entry> {
        value.entries()
    }

    fn read(keys: &mut Keys<'_>, _name: &'static str) -> Result<B> {
        B::read(keys)
    }

    fn keys(_name: &'static str, _docs: &str) -> Vec<KeyDocs> {
        B::keys()
    }
}

/// Blocks that each have a head of their own: `[[sink]]`, `[[index.node]]`.
pub(super) struct Blocks;

impl<B: Checked> Codec<Vec<B>> for Blocks {
    fn entries(name: &'static str, value: &Vec<B>) -> Vec<Entry> {
        let blocks = value.iter().map(with_computed).collect();
        spelled(name, Spelled::Blocks(blocks))
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<B>> {
        let items = keys.optional(name).map_or(Ok(Vec::new()), Item::list)?;
        let (blocks, places) =
            items.into_iter().map(read_checked).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        keys.add_blocks(name, places);
        Ok(blocks)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        key_docs(name, format!("blocks `[[{name}]]`"), true, docs)
    }
}

/// A block's entries, with what follows from them behind the digest.
pub(super) fn with_computed<B: Checked>(block: &B) -> Vec<Entry> {
    let mut entries = block.entries();
    let behind = entries.iter().position(|entry| entry.spelled == Spelled::Digest).map_or(0, |at| at + 1);
    let computed = B::COMPUTED.iter().zip(block.computed());
    entries.splice(behind..behind, computed.map(|(name, value)| Entry::line(*name, value.into())));
    entries
}

/// Checks that the blocks of a list come in the order of their names, each once.
pub(super) fn in_order<T: Ord + Display>(names: impl IntoIterator<Item = (T, usize)>) -> Result<()> {
    let mut before: Option<T> = None;
    for (name, at) in names {
        follows(at, before.as_ref(), &name)?;
        before = Some(name);
    }
    Ok(())
}
