//! One table a block of the lock. The struct that a block is read into says everything about its keys:
//! their order is that of the file, their doc comments are those of docs/lock.md, the mark
//! `=> fingerprint` puts a key into the block's fingerprint, and the type, or the codec behind `as`,
//! decides how a value is spelled and read.

use serde_json::{Map, Value};

use super::codec::Codec;
use super::print::Spelled;
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::places::Places;
use super::read::problem::Result;

/// A struct whose fields are keys of the lock.
pub(super) trait Block: Sized {
    /// What an error calls one; `{name}` is replaced by the value of that key: `` `[[table]] {name}` ``.
    const WHAT: &'static str;

    /// Its keys, as docs/lock.md lists them.
    fn keys() -> Vec<KeyDocs>;

    /// Its keys and values in the order of the file.
    fn entries(&self) -> Vec<Entry>;

    /// Reads its keys, in any order, from those of the file.
    fn read(keys: &mut Keys<'_>) -> Result<Self>;
}

/// A block with a head line of its own, and what must hold in it beyond the types of its keys.
pub(super) trait Checked: Block {
    /// Keys that follow from the others, written behind the digest: the fingerprints.
    const COMPUTED: &'static [&'static str] = &[];

    /// The values of [`Self::COMPUTED`], in its order.
    fn computed(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the types of the keys leave open.
    fn check(&self, _places: &Places) -> Result<()> {
        Ok(())
    }
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The key, as it is written.
    pub(super) name: String,
    /// How its value is laid out.
    pub(super) spelled: Spelled,
    /// Whether it is a part of the block's fingerprint.
    pub(super) in_fingerprint: bool,
}

impl Entry {
    /// A key with a value on its line.
    pub(super) fn line(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), spelled: Spelled::Line(value), in_fingerprint: false }
    }
}

/// A key as docs/lock.md describes it.
#[derive(Clone, Debug)]
pub(super) struct KeyDocs {
    /// The key, as it is written.
    pub(super) name: String,
    /// What its value is: `text`, `list of columns`.
    pub(super) form: String,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// The field's doc comment on one line.
    pub(super) docs: String,
    /// Whether it is a part of the block's fingerprint.
    pub(super) in_fingerprint: bool,
}

/// A block's keys as one JSON object.
pub(super) fn json(entries: Vec<Entry>) -> Map<String, Value> {
    entries.into_iter().filter_map(|entry| Some((entry.name, entry.spelled.json()?))).collect()
}

/// The part of a block that its fingerprint is over, as one JSON object.
pub(super) fn fingerprinted<B: Block>(block: &B) -> Map<String, Value> {
    json(block.entries().into_iter().filter(|entry| entry.in_fingerprint).collect())
}

/// Reads a block with a head line. What follows from its other keys is compared when the whole text is.
pub(super) fn read_checked<B: Checked>(item: Item<'_>) -> Result<(B, Places)> {
    let mut keys = item.block(B::WHAT)?;
    let block = B::read(&mut keys)?;
    for name in B::COMPUTED {
        keys.required(name)?.hash()?;
    }
    let places = keys.finish()?;
    block.check(&places)?;
    Ok((block, places))
}

/// The entries of one field of a block's struct.
pub(super) fn entries_of<T, C: Codec<T>>(name: &'static str, value: &T, in_fingerprint: bool) -> Vec<Entry> {
    C::entries(name, value).into_iter().map(|entry| Entry { in_fingerprint, ..entry }).collect()
}

/// The documentation of one field of a block's struct.
pub(super) fn keys_of<T, C: Codec<T>>(
    name: &'static str,
    docs: &[&str],
    in_fingerprint: bool,
) -> Vec<KeyDocs> {
    let docs = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    C::keys(name, &docs).into_iter().map(|key| KeyDocs { in_fingerprint, ..key }).collect()
}

/// Declares a block: its struct, and from that how it is written, read, hashed and documented.
///
/// A field is `pub name: Type ["key in the file"] as Codec => fingerprint`, where the key is the field's
/// name, the codec is that of the type, and the mark is absent unless something else is written.
macro_rules! block {
    (
        $(#[doc = $about:literal])*
        $(#[derive($($derive:ident),*)])?
        $public:vis struct $name:ident: $what:literal {
            $(
                $(#[doc = $docs:literal])*
                $field_public:vis $field:ident: $type:ty $([$key:literal])? $(as $codec:ty)? $(=> $part:ident)?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, $($($derive),*)?)]
        $public struct $name {
            $( $(#[doc = $docs])* $field_public $field: $type, )*
        }

        impl $crate::lock::block::Block for $name {
            const WHAT: &'static str = $what;

            fn keys() -> Vec<$crate::lock::block::KeyDocs> {
                let mut keys = Vec::new();
                $(
                    keys.extend($crate::lock::block::keys_of::<$type, block!(@codec $($codec)?)>(
                        block!(@key $field $($key)?),
                        &[$($docs),*],
                        block!(@part $($part)?),
                    ));
                )*
                keys
            }

            fn entries(&self) -> Vec<$crate::lock::block::Entry> {
                let mut entries = Vec::new();
                $(
                    entries.extend($crate::lock::block::entries_of::<$type, block!(@codec $($codec)?)>(
                        block!(@key $field $($key)?),
                        &self.$field,
                        block!(@part $($part)?),
                    ));
                )*
                entries
            }

            fn read(keys: &mut $crate::lock::read::keys::Keys<'_>) -> $crate::lock::read::problem::Result<Self> {
                use $crate::lock::codec::Codec;
                Ok(Self {
                    $(
                        $field: <block!(@codec $($codec)?) as Codec<$type>>::read(
                            keys,
                            block!(@key $field $($key)?),
                        )?,
                    )*
                })
            }
        }
    };
    (@codec) => { $crate::lock::codec::Plain };
    (@codec $codec:ty) => { $codec };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@part) => { false };
    (@part fingerprint) => { true };
}

pub(super) use block;
