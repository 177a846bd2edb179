//! Reading a mapping key by key: what is asked for is known, what nobody asked for is reported.

use flusso_lints::words::listed;
use flusso_lints::{missing_value, norway_value, not_supported_yet, wrong_type};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::habits;
use super::tree::{Content, Entry, Mapping, Node, Scalar};
use crate::diagnostic::{Diagnostic, Place};

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
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
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// The keys that were known, by what the mapping is called in messages.
    pub known_keys: KnownKeys,
}

/// Keys by the mapping that takes them: `a field`, `the project file`.
pub type KnownKeys = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The keys of one mapping.
#[derive(Debug)]
pub struct Keys<'a> {
    mapping: &'a Mapping,
    /// What the mapping is, as it stands in a message: `a field`, `the project file`.
    what: Cell<&'static str>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Keys<'a> {
    /// The keys of a mapping that is called `what` in messages.
    pub fn new(mapping: &'a Mapping, what: &'static str) -> Self {
        Self { mapping, what: Cell::new(what), asked: RefCell::default() }
    }

    /// Calls the mapping something else from here on.
    pub fn call(&self, what: &'static str) {
        self.what.set(what);
    }

    /// Whether a part of the mapping could not be read, so that nothing is said to be missing.
    pub fn is_damaged(&self) -> bool {
        !self.mapping.lost.is_empty()
    }

    /// Whether a comma has ended a text that was meant to go on: `{ sql: f(a, b) }`.
    pub fn is_cut(&self) -> bool {
        self.mapping.entries.iter().any(|entry| entry.value.is_missing() && entry.key.ends_with(')'))
    }

    /// The entry of a key, which becomes a known one.
    pub fn get(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        self.mapping.get(key)
    }

    /// Whether a key stands here or could not be read.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some() || self.mapping.lost.iter().any(|lost| lost == key)
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, reader: &mut Reader) {
        let mut known = self.asked.into_inner();
        known.sort_unstable();
        known.dedup();
        reader.known_keys.entry(self.what.get()).or_default().extend(&known);
        for entry in &self.mapping.entries {
            if !known.contains(&entry.key.as_str()) {
                let diagnostic =
                    habits::unknown_key(reader.file, entry, self.what.get(), &known, self.mapping);
                reader.diagnostics.push(diagnostic);
            }
        }
    }
}

impl Reader {
    /// Reads the file of that number.
    pub fn new(file: usize) -> Self {
        Self { file, diagnostics: Vec::new(), known_keys: KnownKeys::new() }
    }

    /// A place of this file.
    pub fn place(&self, span: &std::ops::Range<usize>) -> Place {
        Place::new(self.file, span.clone())
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A key's value with its place.
    pub fn at<T>(&self, node: &Node, value: T) -> At<T> {
        At { value, place: self.place(&node.span) }
    }

    /// Reports a value of another type than expected, or that there is none.
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
            (Content::Scalar { text, .. }, Some(scalar)) if scalar != Scalar::Null => {
                Some(self.at(node, text.clone()))
            }
            _ => {
                self.wrong_type(key, node, "text");
                None
            }
        }
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &str, node: &Node) -> Option<At<bool>> {
        let word = match &node.content {
            Content::Scalar { text, plain: true } => text.as_str(),
            _ => "",
        };
        match (node.scalar(), word) {
            (Some(Scalar::Boolean(value)), _) => Some(self.at(node, value)),
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

    /// A whole number that is not negative.
    pub fn natural(&mut self, key: &str, node: &Node) -> Option<At<u64>> {
        self.whole_from(0, key, node)
    }

    /// A whole number of at least so much.
    pub fn whole_from(&mut self, least: u64, key: &str, node: &Node) -> Option<At<u64>> {
        match node.scalar() {
            Some(Scalar::Integer(digits)) => {
                let number = digits.parse::<u64>().ok().filter(|number| *number >= least);
                if number.is_none() {
                    let place = self.place(&node.span);
                    self.push(wrong_type::not_whole(key, least, place));
                }
                number.map(|number| self.at(node, number))
            }
            _ => {
                self.wrong_type(key, node, "a whole number");
                None
            }
        }
    }

    /// A mapping.
    pub fn mapping<'a>(&mut self, key: &str, node: &'a Node) -> Option<&'a Mapping> {
        match &node.content {
            Content::Map(mapping) => Some(mapping),
            _ => {
                self.wrong_type(key, node, "a map");
                None
            }
        }
    }

    /// One word of a few.
    pub fn word<T: Copy>(&mut self, key: &str, node: &Node, words: &[(&str, T)]) -> Option<At<T>> {
        let found = match &node.content {
            Content::Scalar { text, .. } => words.iter().find(|(word, _)| word == text),
            _ => None,
        };
        if let Some((_, value)) = found {
            return Some(self.at(node, *value));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        match &node.content {
            Content::Scalar { text, .. } if !node.is_missing() => {
                let place = self.place(&node.span);
                self.push(wrong_type::word(key, text, &known, place));
            }
            _ => self.wrong_type(key, node, &listed(&known, "or")),
        }
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
