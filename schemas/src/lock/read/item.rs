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
pub(super) struct Item<'i> {
    /// The key it stands under.
    pub(super) name: String,
    /// First byte of the value.
    pub(super) at: usize,
    /// First byte of its key, or of an item of a list.
    pub(super) key_at: usize,
    value: DeValue<'i>,
}

impl<'i> Item<'i> {
    /// The value under a key, or an item of a list under it.
    pub(super) fn new(name: impl Into<String>, key_at: usize, value: Spanned<DeValue<'i>>) -> Self {
        Self { name: name.into(), at: value.span().start, key_at, value: value.into_inner() }
    }

    /// A problem at this value.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.at, message)
    }

    fn is_not<T>(&self, expected: &str) -> Result<T> {
        Err(self.problem(format!("`{}` is no {expected}", self.name)))
    }

    /// A string.
    pub(super) fn string(self) -> Result<String> {
        match self.value {
            DeValue::String(text) => Ok(text.into_owned()),
            _ => self.is_not("string"),
        }
    }

    /// A string that holds something.
    pub(super) fn filled_string(self) -> Result<String> {
        let (at, name) = (self.at, self.name.clone());
        let text = self.string()?;
        if text.is_empty() { Err(Problem::new(at, format!("`{name}` is empty"))) } else { Ok(text) }
    }

    /// A string, leaving the value.
    pub(super) fn copy_string(&self) -> Result<String> {
        match &self.value {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => self.is_not("string"),
        }
    }

    /// Whether it is a string.
    pub(super) fn is_string(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The first 16 hexadecimal digits of a SHA-256.
    pub(super) fn hash(self) -> Result<String> {
        let at = self.at;
        let name = self.name.clone();
        let text = self.string()?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 16 && text.bytes().all(is_digit) {
            return Ok(text);
        }
        Err(Problem::new(at, format!("`{name}` is no hash: 16 hexadecimal digits in lower case")))
    }

    /// A string that is parsed further, such as a name of the catalog.
    pub(super) fn parsed<T: FromStr<Err: Display>>(self) -> Result<T> {
        let at = self.at;
        self.string()?.parse().map_err(|error: T::Err| Problem::new(at, error.to_string()))
    }

    /// The key as a name of the catalog.
    pub(super) fn parsed_name<T: FromStr<Err: Display>>(&self) -> Result<T> {
        self.name.parse().map_err(|error: T::Err| Problem::new(self.key_at, error.to_string()))
    }

    /// One of some words.
    pub(super) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T> {
        let at = self.at;
        let name = self.name.clone();
        let text = self.string()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            Problem::new(at, format!("`{name}` is `{text}`, which is none of {}", known.join(", ")))
        })
    }

    /// A sorted list of some words.
    pub(super) fn sorted_words<T: Copy>(self, words: &[(&'static str, T)]) -> Result<Vec<T>> {
        let places: Vec<(&str, usize)> =
            words.iter().enumerate().map(|(at, (word, _))| (*word, at)).collect();
        let sorted = self.sorted(|item| item.one_of(&places).map(|at| words[at].0))?;
        Ok(words.iter().filter(|(word, _)| sorted.contains(word)).map(|(_, meaning)| *meaning).collect())
    }

    /// A whole number from 0.
    pub(super) fn integer(self) -> Result<u64> {
        let number = match &self.value {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        number.map_or_else(|| self.is_not("whole number from 0"), Ok)
    }

    /// `true` or `false`.
    pub(super) fn boolean(self) -> Result<bool> {
        match self.value {
            DeValue::Boolean(value) => Ok(value),
            _ => self.is_not("boolean"),
        }
    }

    /// The items of a list.
    pub(super) fn list(self) -> Result<Vec<Item<'i>>> {
        let DeValue::Array(items) = self.value else { return self.is_not("list") };
        let name = self.name;
        Ok(items.into_iter().map(|item| Item::new(name.clone(), item.span().start, item)).collect())
    }

    /// A list whose items are read one by one.
    pub(super) fn list_of<T>(self, read: impl FnMut(Item<'i>) -> Result<T>) -> Result<Vec<T>> {
        self.list()?.into_iter().map(read).collect()
    }

    /// A list without an order of its own: sorted, each item once.
    pub(super) fn sorted<T: Ord + Display>(
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

    /// A map: its keys are read one by one and stand sorted.
    pub(super) fn map<K: Ord + Display, V>(
        self,
        mut read: impl FnMut(Item<'i>) -> Result<(K, V)>,
    ) -> Result<BTreeMap<K, V>> {
        let what = format!("`{}`", self.name);
        let mut entries = BTreeMap::new();
        for item in self.table(what)?.in_text_order() {
            let at = item.key_at;
            let (name, value) = read(item)?;
            follows(at, entries.last_key_value().map(|(last, _)| last), &name)?;
            entries.insert(name, value);
        }
        Ok(entries)
    }

    /// The keys of a table.
    pub(super) fn table(self, what: impl Into<String>) -> Result<Keys<'i>> {
        match self.value {
            DeValue::Table(table) => Ok(Keys::new(what, self.at, table)),
            _ => self.is_not("table"),
        }
    }

    /// Any value, as JSON.
    pub(super) fn json(self) -> Result<Value> {
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
                let entries = self.table("the value")?.in_text_order().into_iter();
                let entries: Result<Map<_, _>> =
                    entries.map(|item| Ok((item.name.clone(), item.json()?))).collect();
                Ok(Value::Object(entries?))
            }
        }
    }
}

/// Checks that a value comes after the one before it.
pub(super) fn follows<T: Ord + Display>(at: usize, before: Option<&T>, value: &T) -> Result<()> {
    match before.map(|before| (before, before.cmp(value))) {
        None | Some((_, std::cmp::Ordering::Less)) => Ok(()),
        Some((_, std::cmp::Ordering::Equal)) => Err(Problem::new(at, format!("`{value}` stands twice"))),
        Some((before, std::cmp::Ordering::Greater)) => {
            Err(Problem::new(at, format!("`{value}` stands after `{before}`: this order is not sorted")))
        }
    }
}
