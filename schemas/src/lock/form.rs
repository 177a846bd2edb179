//! Values of one line: how each type is spelled and read.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::block::{self, Block};
use super::read::item::Item;
use super::read::problem::Result;
use crate::name::{Ident, TableName};

/// A type whose values are one line of the lock.
pub(super) trait Form: Sized {
    /// Its value; `None` if the key is left out.
    fn value(&self) -> Option<Value>;

    /// Reads it from the value of its key.
    fn read(item: Item<'_>) -> Result<Self>;

    /// The value of a key that is left out; `None` if the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// What docs/lock.md calls it.
    fn words() -> String;
}

/// A struct in braces on one line.
impl<B: Block> Form for B {
    fn value(&self) -> Option<Value> {
        Some(Value::Object(block::json(self.entries())))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        let mut keys = item.block(B::WHAT)?;
        let block = B::read(&mut keys)?;
        keys.finish()?;
        Ok(block)
    }

    fn words() -> String {
        let keys = B::keys().into_iter().map(|key| match key.optional {
            true => format!("{}?", key.name),
            false => key.name,
        });
        format!("`{{ {} }}`", keys.collect::<Vec<_>>().join(", "))
    }
}

impl Form for String {
    fn value(&self) -> Option<Value> {
        Some(Value::from(self.as_str()))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.string()
    }

    fn words() -> String {
        "text".to_owned()
    }
}

impl Form for u64 {
    fn value(&self) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.integer()
    }

    fn words() -> String {
        "whole number".to_owned()
    }
}

/// A flag: `false` is left out.
impl Form for bool {
    fn value(&self) -> Option<Value> {
        self.then_some(Value::Bool(true))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.boolean()
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn words() -> String {
        "`true`".to_owned()
    }
}

impl Form for Value {
    fn value(&self) -> Option<Value> {
        Some(self.clone())
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.json()
    }

    fn words() -> String {
        "any value".to_owned()
    }
}

impl Form for Ident {
    fn value(&self) -> Option<Value> {
        Some(Value::from(self.to_string()))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.parsed()
    }

    fn words() -> String {
        "column".to_owned()
    }
}

impl Form for TableName {
    fn value(&self) -> Option<Value> {
        Some(Value::from(self.to_string()))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.parsed()
    }

    fn words() -> String {
        "table".to_owned()
    }
}

impl<T: Form> Form for Option<T> {
    fn value(&self) -> Option<Value> {
        self.as_ref()?.value()
    }

    fn read(item: Item<'_>) -> Result<Self> {
        T::read(item).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn words() -> String {
        T::words()
    }
}

impl<T: Form> Form for Vec<T> {
    fn value(&self) -> Option<Value> {
        Some(self.iter().filter_map(T::value).collect())
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.list_of(T::read)
    }

    fn words() -> String {
        format!("list of {}", several(&T::words()))
    }
}

impl<K, V> Form for BTreeMap<K, V>
where
    K: Display + FromStr<Err: Display> + Ord,
    V: Form,
{
    fn value(&self) -> Option<Value> {
        let entries = self.iter().filter_map(|(name, value)| Some((name.to_string(), value.value()?)));
        Some(Value::Object(entries.collect::<Map<_, _>>()))
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.map(|item| Ok((item.parsed_name()?, V::read(item)?)))
    }

    fn words() -> String {
        format!("map to {}", several(&V::words()))
    }
}

/// The plural of what a form is called, where it has one.
pub(super) fn several(words: &str) -> String {
    match words {
        "text" => "texts".to_owned(),
        "column" | "table" | "whole number" => format!("{words}s"),
        other => other.replacen("list of", "lists of", 1),
    }
}

/// Gives an enum its words in the lock.
macro_rules! words {
    ($public:vis $type:ident { $($value:path = $word:literal),* $(,)? }) => {
        impl $type {
            /// Every value with its word in the lock.
            $public const WORDS: [(&'static str, Self); [$($word),*].len()] = [$(($word, $value)),*];

            /// Its word in the lock.
            $public fn word(self) -> &'static str {
                match self { $($value => $word),* }
            }
        }

        impl $crate::lock::form::Form for $type {
            fn value(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::from(self.word()))
            }

            fn read(item: $crate::lock::read::item::Item<'_>) -> $crate::lock::read::problem::Result<Self> {
                item.one_of(&Self::WORDS)
            }

            fn words() -> String {
                let words: Vec<String> = Self::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
                words.join(" or ")
            }
        }
    };
}

pub(super) use words;
