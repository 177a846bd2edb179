//! A value with its place, read as the type that its key has.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::keys::Keys;
use super::problem::{Problem, Result};

/// A value, what it is called and where it is.
pub(in crate::lock) struct Item<'i> {
    /// Its key, for messages.
    pub(in crate::lock) name: String,
    /// First byte of the value.
    pub(in crate::lock) at: usize,
    /// First byte of its key, or of an item of a list.
    pub(in crate::lock) key_at: usize,
    value: DeValue<'i>,
}

impl<'i> Item<'i> {
    /// The value under a key, or an item of a list under it.
    pub(in crate::lock) fn new(name: impl Into<String>, key_at: usize, value: Spanned<DeValue<'i>>) -> Self {
        Self { name: name.into(), at: value.span().start, key_at, value: value.into_inner() }
    }

    fn is_not<T>(&self, expected: &str) -> Result<T> {
        Err(Problem::new(self.at, format!("`{}` is not a {expected}", self.name)))
    }

    /// Its string; an error for any other type.
    pub(in crate::lock) fn string(self) -> Result<String> {
        match self.value {
            DeValue::String(text) => Ok(text.into_owned()),
            _ => self.is_not("string"),
        }
    }

    /// A string that holds something.
    pub(in crate::lock) fn filled_string(self) -> Result<String> {
        let (at, name) = (self.at, self.name.clone());
        let text = self.string()?;
        if text.is_empty() { Err(Problem::new(at, format!("`{name}` is empty"))) } else { Ok(text) }
    }

    /// Whether it is a string.
    pub(in crate::lock) fn is_string(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The first 16 hexadecimal digits of a SHA-256.
    pub(in crate::lock) fn hash(self) -> Result<String> {
        let at = self.at;
        let name = self.name.clone();
        let text = self.string()?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 16 && text.bytes().all(is_digit) {
            return Ok(text);
        }
        Err(Problem::new(at, format!("`{name}` is not a hash: expected 16 hexadecimal digits in lower case")))
    }

    /// A string that is parsed further, such as a name of the catalog.
    pub(in crate::lock) fn parsed<T: FromStr<Err: Display>>(self) -> Result<T> {
        let at = self.at;
        self.string()?.parse().map_err(|error: T::Err| Problem::new(at, error.to_string()))
    }

    /// The key as a name of the catalog.
    pub(in crate::lock) fn parsed_name<T: FromStr<Err: Display>>(&self) -> Result<T> {
        self.name.parse().map_err(|error: T::Err| Problem::new(self.key_at, error.to_string()))
    }

    /// One of some words.
    pub(in crate::lock) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T> {
        let at = self.at;
        let name = self.name.clone();
        let text = self.string()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            Problem::new(at, format!("unknown `{name}` `{text}`: expected {}", known.join(" or ")))
        })
    }

    /// A whole number from 0.
    pub(in crate::lock) fn integer(self) -> Result<u64> {
        let number = match &self.value {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        number.map_or_else(|| self.is_not("whole number from 0"), Ok)
    }

    /// Its boolean; an error for any other type.
    pub(in crate::lock) fn boolean(self) -> Result<bool> {
        match self.value {
            DeValue::Boolean(value) => Ok(value),
            _ => self.is_not("boolean"),
        }
    }

    /// The items of a list.
    pub(in crate::lock) fn list(self) -> Result<Vec<Item<'i>>> {
        let DeValue::Array(items) = self.value else { return self.is_not("list") };
        let name = self.name;
        Ok(items.into_iter().map(|item| Item::new(name.clone(), item.span().start, item)).collect())
    }

    /// A list whose items are read one by one.
    pub(in crate::lock) fn list_of<T>(self, read: impl FnMut(Item<'i>) -> Result<T>) -> Result<Vec<T>> {
        self.list()?.into_iter().map(read).collect()
    }

    /// A list without an order of its own: sorted, each item once.
    pub(in crate::lock) fn sorted<T: Ord + Display>(
        self,
        mut read: impl FnMut(Item<'i>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items: Vec<T> = Vec::new();
        for item in self.list()? {
            let (at, value) = (item.at, read(item)?);
            follows(at, items.last(), &value)?;
            items.push(value);
        }
        Ok(items)
    }

    /// A map: its keys are read one by one and must be sorted.
    pub(in crate::lock) fn map<K: Ord + Display, V>(
        self,
        mut read: impl FnMut(Item<'i>) -> Result<(K, V)>,
    ) -> Result<BTreeMap<K, V>> {
        let what = format!("`{}`", self.name);
        let mut entries = BTreeMap::new();
        for item in self.block(&what)?.take_where(|_| true) {
            let at = item.key_at;
            let (name, value) = read(item)?;
            follows(at, entries.last_key_value().map(|(last, _)| last), &name)?;
            entries.insert(name, value);
        }
        Ok(entries)
    }

    /// The keys of a table. Errors call it `what`, in which `{key}` is replaced by the value of that key.
    pub(in crate::lock) fn block(self, what: &str) -> Result<Keys<'i>> {
        let DeValue::Table(table) = self.value else { return self.is_not("table") };
        let name = what.split_once('{').and_then(|(before, rest)| {
            let (key, after) = rest.split_once('}')?;
            let value = table.get(key).and_then(|value| value.get_ref().as_str()).unwrap_or_default();
            Some(format!("{before}{value}{after}"))
        });
        Ok(Keys::new(name.unwrap_or_else(|| what.to_owned()), self.at, table))
    }

    /// Any value, as JSON.
    pub(in crate::lock) fn json(self) -> Result<Value> {
        match &self.value {
            DeValue::String(text) => Ok(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Ok(Value::from(*value)),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(number) => Ok(Value::from(number)),
                Err(_) => self.integer().map(Value::from),
            },
            DeValue::Float(digits) => {
                let number = digits.as_str().parse().ok().and_then(Number::from_f64);
                number.map_or_else(|| self.is_not("number that JSON has"), |number| Ok(Value::Number(number)))
            }
            DeValue::Datetime(_) => self.is_not("value that JSON has"),
            DeValue::Array(_) => Ok(Value::Array(self.list_of(Item::json)?)),
            DeValue::Table(_) => {
                let entries = self.block("the value")?.take_where(|_| true).into_iter();
                let entries: Result<Map<_, _>> =
                    entries.map(|item| Ok((item.name.clone(), item.json()?))).collect();
                Ok(Value::Object(entries?))
            }
        }
    }
}

/// Checks that a value comes after the one before it.
pub(in crate::lock) fn follows<T: Ord + Display>(at: usize, before: Option<&T>, value: &T) -> Result<()> {
    match before.map(|before| (before, before.cmp(value))) {
        None | Some((_, std::cmp::Ordering::Less)) => Ok(()),
        Some((_, std::cmp::Ordering::Equal)) => Err(Problem::new(at, format!("duplicate `{value}`"))),
        Some((before, std::cmp::Ordering::Greater)) => {
            Err(Problem::new(at, format!("`{value}` after `{before}`: not sorted")))
        }
    }
}
