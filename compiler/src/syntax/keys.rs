//! Reading a mapping key by key, as its table in the grammar describes it.

use flusso_lints::words::listed;
use flusso_lints::{missing_value, norway_value, not_supported_yet, wrong_type};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::habits;
use super::tree::{Content, Entry, Mapping, Node, YamlScalar};
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::field::FIELD;
use crate::grammar::{Forms, Key, KeyTable, NO_MOST, Need, Value};
use crate::kinds::Kinds;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value that was read.
    pub value: T,
    /// Its bytes in the file.
    pub place: Place,
}

impl<T> At<T> {
    /// Another value at the same place.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> At<U> {
        At { value: map(self.value), place: self.place }
    }
}

/// Reads one file's tree and collects what it finds.
#[derive(Debug)]
pub struct Reader {
    /// Number of the file.
    pub file: usize,
    /// Findings of the reader, unsorted.
    pub diagnostics: Vec<Diagnostic>,
    /// The kinds that a field may have.
    pub kinds: Kinds,
    /// The keys that were known, by the name of the mapping's table.
    pub known_keys: KnownKeys,
}

/// Keys by the name of their mapping's table.
pub type KnownKeys = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The keys of one mapping, with the table of those that it may have.
#[derive(Debug)]
pub struct Keys<'a> {
    mapping: &'a Mapping,
    table: &'static KeyTable,
    form: Cell<Forms>,
    own: Cell<Own>,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// Keys that kinds bring.
#[derive(Clone, Copy, Debug)]
enum Own {
    /// Those of the kind that is written; none where none is.
    Of(&'static [Key]),
    /// Those of every kind: which one is meant is not known.
    OfAnyKind,
}

impl<'a> Keys<'a> {
    /// The keys of a mapping that this table describes.
    pub fn new(mapping: &'a Mapping, table: &'static KeyTable) -> Self {
        let (form, own) = (Cell::new(Forms::ALL), Cell::new(Own::Of(&[])));
        Self { mapping, table, form, own, asked: RefCell::default() }
    }

    /// Takes the keys of these forms only from here on.
    pub fn take_form(&self, form: Forms) {
        self.form.set(form);
    }

    /// Takes a kind's own keys too.
    pub fn take_own_keys(&self, keys: &'static [Key]) {
        self.own.set(Own::Of(keys));
    }

    /// Takes every key that the mapping may have in any form, and those of any kind: what was meant is not known.
    pub fn take_all(&self) {
        self.own.set(Own::OfAnyKind);
    }

    /// Whether a part of the mapping could not be read, so that nothing is said to be missing.
    pub fn is_damaged(&self) -> bool {
        !self.mapping.lost.is_empty()
    }

    /// Whether a comma has ended a text that was meant to go on: `{ sql: f(a, b) }`.
    pub fn is_cut(&self) -> bool {
        self.mapping.entries.iter().any(|entry| entry.value.is_missing() && entry.key.ends_with(')'))
    }

    /// The entry of a key, which its reader judges whether the form takes it or not.
    pub fn get(&self, key: &'static str) -> Option<&'a Entry> {
        debug_assert!(self.grammar(key).is_some(), "{} has no key `{key}` in the grammar", self.table.name);
        self.asked.borrow_mut().insert(key);
        self.mapping.get(key)
    }

    /// Whether a key is there or could not be read.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some() || self.mapping.lost.iter().any(|lost| lost == key)
    }

    /// Every key that is written, in the order of the file.
    pub fn written(&self) -> impl Iterator<Item = &'a str> {
        self.mapping.entries.iter().map(|entry| entry.key.as_str())
    }

    /// Says of every key that is planned and not built that it is not.
    pub fn refuse_not_yet(&self, reader: &mut Reader) -> bool {
        let planned = self.table.keys_of(self.form.get()).filter(|key| key.need == Need::NotYet);
        let found: Vec<&Entry> = planned.filter_map(|key| self.get(key.name)).collect();
        found.iter().for_each(|entry| reader.not_supported(entry));
        !found.is_empty()
    }

    /// A text, a pattern's too.
    pub fn text(&self, reader: &mut Reader, key: &'static str) -> Option<At<String>> {
        let entry = self.get(key)?;
        reader.text(key, &entry.value)
    }

    /// A boolean under a key; reports other values.
    pub fn boolean(&self, reader: &mut Reader, key: &'static str) -> Option<bool> {
        let entry = self.get(key)?;
        debug_assert!(matches!(self.value(key), Value::Boolean), "`{key}` is not a boolean in the grammar");
        reader.boolean(key, &entry.value).map(|flag| flag.value)
    }

    /// A whole number within the bounds of the table.
    pub fn whole(&self, reader: &mut Reader, key: &'static str) -> Option<u64> {
        let entry = self.get(key)?;
        reader.whole(key, &entry.value, self.value(key)).map(|number| number.value)
    }

    /// A duration in milliseconds.
    pub fn duration_ms(&self, reader: &mut Reader, key: &'static str) -> Option<u64> {
        let entry = self.get(key)?;
        debug_assert!(matches!(self.value(key), Value::Duration), "`{key}` is not a duration in the grammar");
        reader.duration_ms(entry)
    }

    /// A size in bytes.
    pub fn size_bytes(&self, reader: &mut Reader, key: &'static str) -> Option<u64> {
        let entry = self.get(key)?;
        debug_assert!(matches!(self.value(key), Value::Size), "`{key}` is not a size in the grammar");
        reader.size_bytes(entry)
    }

    /// One of the table's words.
    pub fn word(&self, reader: &mut Reader, key: &'static str) -> Option<At<&'static str>> {
        let entry = self.get(key)?;
        reader.word_of(key, &entry.value, self.value(key))
    }

    /// What one of the table's words means.
    pub fn meaning<T: Copy>(
        &self,
        reader: &mut Reader,
        key: &'static str,
        meanings: &[(&str, T)],
    ) -> Option<T> {
        let word = self.word(reader, key)?.value;
        let meaning = meanings.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning);
        debug_assert!(meaning.is_some(), "`{key}: {word}` has no meaning");
        meaning
    }

    /// Texts, at least one.
    pub fn texts(&self, reader: &mut Reader, key: &'static str) -> Option<Vec<At<String>>> {
        let entry = self.get(key)?;
        Some(reader.texts(key, &entry.value))
    }

    /// The grammar of a key's value.
    pub fn value(&self, key: &str) -> Value {
        self.grammar(key).map_or(Value::Any, |key| key.value)
    }

    /// The key in the form that was found, else in any.
    fn grammar(&self, key: &str) -> Option<&'static Key> {
        let own = match self.own.get() {
            Own::Of(keys) => keys.iter().find(|own| own.name == key),
            Own::OfAnyKind => None,
        };
        own.or_else(|| self.table.key(key, self.form.get())).or_else(|| self.table.key(key, Forms::ALL))
    }

    /// Reports every key that neither the table takes nor a reader has judged.
    pub fn finish(self, reader: &mut Reader) {
        let form = self.form.get();
        let taken = if matches!(self.own.get(), Own::OfAnyKind) { Forms::ALL } else { form };
        let mut known: Vec<&'static str> = self.table.keys_of(taken).map(|key| key.name).collect();
        match self.own.get() {
            Own::Of(keys) => known.extend(keys.iter().map(|key| key.name)),
            Own::OfAnyKind => known.extend(reader.kinds.own_keys()),
        }
        known.sort_unstable();
        known.dedup();
        let asked = self.asked.into_inner();
        let name = if std::ptr::eq(self.table, &FIELD) { form.name() } else { self.table.name };
        reader.known_keys.entry(self.table.name).or_default().extend(known.iter().chain(&asked));
        // What this version refuses is not offered in the place of a mistake.
        let is_built = |key: &&&str| {
            self.table.keys.iter().filter(|each| each.name == **key).all(|each| each.need != Need::NotYet)
        };
        let offered: Vec<&str> = known.iter().filter(is_built).copied().collect();
        for entry in &self.mapping.entries {
            let key = entry.key.as_str();
            if !known.contains(&key) && !asked.contains(key) {
                let diagnostic = habits::unknown_key(reader.file, entry, name, &offered, self.mapping);
                reader.diagnostics.push(diagnostic);
            }
        }
    }
}

impl Reader {
    /// Reads the file of that number, whose fields have these kinds.
    pub fn new(file: usize, kinds: Kinds) -> Self {
        Self { file, diagnostics: Vec::new(), kinds, known_keys: KnownKeys::new() }
    }

    /// A place of this file.
    pub fn place(&self, span: &std::ops::Range<usize>) -> Place {
        Place::new(self.file, span.clone())
    }

    /// Adds a finding without any check.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A key's value with its place.
    pub fn at<T>(&self, node: &Node, value: T) -> At<T> {
        At { value, place: self.place(&node.span) }
    }

    /// Reports a value of another type than expected, or a missing one.
    pub fn wrong_type(&mut self, key: &str, node: &Node, expected: &str) {
        let place = self.place(&node.span);
        self.push(if node.is_missing() {
            missing_value::expected(key, expected, place)
        } else {
            wrong_type::expected(key, expected, node.what(), place)
        });
    }

    /// The text of a scalar as it is written; numbers and booleans are text where a name is wanted.
    pub fn text(&mut self, key: &str, node: &Node) -> Option<At<String>> {
        match (&node.content, node.scalar()) {
            (Content::Scalar { text, .. }, Some(scalar)) if scalar != YamlScalar::Null => {
                Some(self.at(node, text.clone()))
            }
            _ => {
                self.wrong_type(key, node, "text");
                None
            }
        }
    }

    /// A boolean; reports other values and quoted ones.
    pub fn boolean(&mut self, key: &str, node: &Node) -> Option<At<bool>> {
        let word = match &node.content {
            Content::Scalar { text, plain: true } => text.as_str(),
            _ => "",
        };
        match (node.scalar(), word) {
            (Some(YamlScalar::Boolean(value)), _) => Some(self.at(node, value)),
            (_, "yes" | "no" | "on" | "off" | "Yes" | "No" | "On" | "Off") => {
                let meant = if matches!(word, "yes" | "on" | "Yes" | "On") { "true" } else { "false" };
                let place = self.place(&node.span);
                self.push(norway_value::finding(key, word, meant, place));
                None
            }
            _ => {
                self.wrong_type(key, node, "`true` or `false`");
                None
            }
        }
    }

    /// A whole number within the bounds of its grammar.
    pub fn whole(&mut self, key: &str, node: &Node, grammar: Value) -> Option<At<u64>> {
        let (least, most) = match grammar {
            Value::Whole(least, most) => (least, most),
            other => unreachable!("`{key}` is not a whole number in the grammar: {other:?}"),
        };
        match node.scalar() {
            Some(YamlScalar::Integer(digits)) => {
                let number = digits.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
                if number.is_none() {
                    let place = self.place(&node.span);
                    let most = Some(most).filter(|most| *most != NO_MOST);
                    self.push(wrong_type::not_whole(key, least, most, place));
                }
                number.map(|number| self.at(node, number))
            }
            _ => {
                self.wrong_type(key, node, "a whole number");
                None
            }
        }
    }

    /// A mapping; reports other values.
    pub fn mapping<'a>(&mut self, key: &str, node: &'a Node) -> Option<&'a Mapping> {
        match &node.content {
            Content::Map(mapping) => Some(mapping),
            _ => {
                self.wrong_type(key, node, "a map");
                None
            }
        }
    }

    /// One word of its grammar; one that is planned and not built is refused as such.
    pub fn word_of(&mut self, key: &str, node: &Node, grammar: Value) -> Option<At<&'static str>> {
        let (words, later) = match grammar {
            Value::Word(words, later) => (words, later),
            other => unreachable!("`{key}` is not a word in the grammar: {other:?}"),
        };
        self.one_word(key, node, words, later)
    }

    /// The meaning of one word of a list of the grammar.
    pub fn word<T: Copy>(&mut self, key: &str, node: &Node, meanings: &[(&'static str, T)]) -> Option<At<T>> {
        let words: Vec<&'static str> = meanings.iter().map(|(word, _)| *word).collect();
        let word = self.one_word(key, node, &words, &[])?;
        let meaning = meanings.iter().find(|(name, _)| *name == word.value)?.1;
        Some(word.map(|_| meaning))
    }

    fn one_word(
        &mut self,
        key: &str,
        node: &Node,
        words: &[&'static str],
        later: &[&str],
    ) -> Option<At<&'static str>> {
        let text = match &node.content {
            Content::Scalar { text, .. } if !node.is_missing() => text.as_str(),
            _ => {
                self.wrong_type(key, node, &listed(words, "or"));
                return None;
            }
        };
        if let Some(word) = words.iter().find(|word| **word == text) {
            return Some(self.at(node, *word));
        }
        let place = self.place(&node.span);
        self.push(match later.contains(&text) {
            true => not_supported(place, &format!("`{key}: {text}`")),
            false => wrong_type::word(key, text, words, place),
        });
        None
    }

    /// The items of a list, at least one, or the one item that is written in its place.
    pub fn items<'a>(&mut self, key: &str, node: &'a Node) -> &'a [Node] {
        match &node.content {
            Content::List(items) if items.is_empty() => {
                let place = self.place(&node.span);
                self.push(missing_value::empty_list(key, place));
                &[]
            }
            Content::List(items) => items,
            _ if node.is_missing() => {
                self.wrong_type(key, node, "a value or a list");
                &[]
            }
            _ => std::slice::from_ref(node),
        }
    }

    /// A text or a list of texts.
    pub fn texts(&mut self, key: &str, node: &Node) -> Vec<At<String>> {
        let items = self.items(key, node);
        items.iter().filter_map(|item| self.text(key, item)).collect()
    }

    /// Says that grammar which is planned is not carried out yet.
    pub fn not_supported(&mut self, entry: &Entry) {
        let place = self.place(&entry.key_span);
        self.push(not_supported(place, &format!("`{}`", entry.key)));
    }
}

/// What is known and not built.
pub fn not_supported(place: Place, what: &str) -> Diagnostic {
    not_supported_yet::finding(what, place)
}
