//! The language as data: each mapping of `flusso.yml` and of an index file is one table of keys.
//!
//! The reader takes its known keys, words and bounds from these tables; the JSON Schemas and docs/config.md are printed
//! from them. A key that is not in a table cannot be read, and a key in a table that no reader uses fails a test.

pub mod condition;
pub mod field;
pub mod forms;
pub mod index;
pub mod page;
pub mod project;
pub mod schema;

pub use forms::Forms;

/// One mapping of the language.
#[derive(Debug)]
pub struct KeyTable {
    /// What the mapping is called in messages: `a field`, `the project file`.
    pub name: &'static str,
    /// Its heading in docs/config.md.
    pub title: &'static str,
    /// What it is for. Markdown.
    pub docs: &'static str,
    /// The keys that it accepts, sorted by name within a form.
    pub keys: &'static [Key],
    /// The values of all other keys, where the keys are names that a user chooses.
    pub others: Option<Others>,
    /// Fewest and most keys that it may have.
    pub size: (usize, usize),
    /// Sets of keys: at least one of the sets must be complete. Empty: no such rule.
    pub any_of: &'static [&'static [&'static str]],
    /// Lines that a test compiles.
    pub example: Option<Example>,
}

/// Keys that are names, with their value.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    /// What the name is, as in `COLUMN`.
    pub name: &'static str,
    /// The value of each.
    pub value: Value,
    /// Its documentation in docs/config.md. Markdown.
    pub docs: &'static str,
}

/// One key of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key as files write it.
    pub name: &'static str,
    /// The values that it accepts.
    pub value: Value,
    /// Whether it must be there.
    pub need: Need,
    /// What holds where it is not written, as a file would say it; empty: nothing.
    pub default: &'static str,
    /// The forms of the mapping that accept it.
    pub forms: Forms,
    /// Keys that exclude it.
    pub excludes: &'static [&'static str],
    /// Keys without which it has no effect.
    pub needs: &'static [&'static str],
    /// Its documentation, one or more sentences. Markdown.
    pub docs: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
    /// It is a part of the language that this version refuses.
    NotYet,
}

/// The grammar of a value.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Whatever YAML can say, but for nothing at all.
    Any,
    /// Whatever YAML can say, nothing at all too.
    Raw,
    /// `null` or nothing at all.
    Null,
    /// Text, a number or a boolean, as it is written.
    Text,
    /// Text of a pattern (a regular expression of JSON Schema), described in words, with the types of JSON that YAML
    /// may make of it: a bare `2024` is a number.
    Pattern(&'static str, &'static str, &'static [&'static str]),
    /// YAML's `true` or `false`, unquoted.
    Boolean,
    /// A whole number, both bounds included.
    Whole(u64, u64),
    /// A whole number with one of `ms`, `s`, `m`, `h` and `d`.
    Duration,
    /// A whole number with one of `B`, `KiB`, `MiB` and `GiB`.
    Size,
    /// One of the first words; the second ones are refused in this version.
    Word(&'static [&'static str], &'static [&'static str]),
    /// One value, or a list of at least one.
    OneOrMore(&'static Value),
    /// One value, or a list of exactly one.
    One(&'static Value),
    /// One value, or a list of any length.
    AnyNumber(&'static Value),
    /// A map from names to values.
    Map(&'static Names),
    /// A mapping with a table of its own.
    In(&'static KeyTable),
    /// A value of any of these grammars.
    Either(&'static [Value]),
    /// The name of a kind, or `auto`.
    Kind,
    /// The name of a kind that a subfield may have.
    SubfieldKind,
    /// The name of a kind that counts.
    CountKind,
    /// Text, a number or a boolean, or a list of one of them.
    Constant,
    /// What a column is compared with: a value, a list of values, or `null`.
    Test,
    /// A map of fields: those of the root, or those of an object.
    Fields(Level),
    /// The name of a time zone with an area, or one of a few without.
    TimeZone,
    /// A list of different texts.
    Labels,
    /// A map from whole numbers to texts.
    NumberedLabels,
    /// Index settings: all, or those that an open index can change.
    Settings(SettingsOf),
    /// Parameters of a mapping.
    Options(OptionsOf),
    /// Levels of lints by the lint's name.
    Lints,
}

/// A map from names to values.
#[derive(Debug)]
pub struct Names {
    /// What a name is, as in `ANALYZER`.
    pub name: &'static str,
    /// The pattern of names that are refused; empty: none.
    pub reserved: &'static str,
    /// The value of each.
    pub value: Value,
    /// Fewest entries that it must have.
    pub least: usize,
}

/// The level of a map of fields in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// At the root of the document, where OpenSearch keeps names with a leading underscore for itself.
    Root,
    /// In an object, where any name is allowed.
    Object,
}

/// The set of index settings that a mapping accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsOf {
    /// Those of an index.
    Index,
    /// Those that a sink sets for every index; they may hold references.
    Sink,
}

/// What has mapping parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsOf {
    /// The root of a document.
    Root,
    /// An object field, whose mapping type is `object` or `nested`.
    Object,
    /// The kind that is written beside it.
    Kind,
}

/// Lines of a file that compile.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The place in a project to insert the lines.
    pub at: Place,
    /// Lines of YAML, without the indentation of their place.
    pub text: &'static str,
}

/// The place in a project into which an example is inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the top of the project file.
    Project,
    /// At the top of an index file.
    Index,
    /// Under `fields` of an index file over `orders`.
    Fields,
}

/// The most that a number without an upper bound may be.
pub const NO_MOST: u64 = u64::MAX;

/// A key that may be left out, in every form.
pub const fn key(name: &'static str, value: Value, docs: &'static str) -> Key {
    Key { name, value, need: Need::Optional, default: "", forms: Forms::ALL, excludes: &[], needs: &[], docs }
}

impl Key {
    /// The same, which must be there.
    pub const fn required(self) -> Self {
        Self { need: Need::Required, ..self }
    }

    /// The same, which this version refuses.
    pub const fn not_yet(self) -> Self {
        Self { need: Need::NotYet, ..self }
    }

    /// The same with what holds where it is not written.
    pub const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// The same in these forms only.
    pub const fn of(self, forms: Forms) -> Self {
        Self { forms, ..self }
    }

    /// The same, which has an effect only beside these.
    pub const fn beside(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    /// The same, which these exclude.
    pub const fn without(self, excludes: &'static [&'static str]) -> Self {
        Self { excludes, ..self }
    }
}

impl KeyTable {
    /// The key of that name in one of these forms.
    pub fn key(&self, name: &str, forms: Forms) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name && key.forms.meet(forms))
    }

    /// The keys that one of these forms takes.
    pub fn keys_of(&self, forms: Forms) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().filter(move |key| key.forms.meet(forms))
    }
}

/// A table without keys, to be filled in.
const EMPTY: KeyTable = KeyTable {
    name: "",
    title: "",
    docs: "",
    keys: &[],
    others: None,
    size: (0, usize::MAX),
    any_of: &[],
    example: None,
};

/// The words of a list of words with their meanings.
pub(crate) const fn words<T: Copy, const N: usize>(pairs: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = pairs[at].0;
        at += 1;
    }
    words
}

/// Every table, in the order of docs/config.md.
pub static TABLES: &[&KeyTable] = &[
    &project::PROJECT,
    &project::SOURCE,
    &project::POSTGRES,
    &project::REFERENCE,
    &project::SINK,
    &project::OPENSEARCH,
    &project::BULK,
    &project::STDOUT,
    &project::DEFAULTS,
    &project::LINT,
    &index::INDEX,
    &index::ANALYSIS,
    &field::FIELD,
    &field::SUBFIELD,
    &field::HOP,
    &field::EXPRESSION,
    &field::ORDER_ITEM,
    &field::ORDER,
    &condition::CONDITION,
    &condition::OPERATORS,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_form_takes_a_key_once_and_every_key_says_what_it_is_for() {
        for table in TABLES {
            assert!(!table.docs.is_empty() && !table.title.is_empty(), "{}", table.name);
            for form in Forms::each() {
                let names: Vec<&str> = table.keys_of(form).map(|key| key.name).collect();
                let distinct: BTreeSet<&str> = names.iter().copied().collect();
                assert_eq!(names.len(), distinct.len(), "{}: {names:?}", table.name);
            }
            for key in table.keys {
                assert!(key.docs.ends_with('.'), "{}: `{}`", table.name, key.name);
                let others = key
                    .excludes
                    .iter()
                    .chain(key.needs)
                    .filter(|other| table.key(other, key.forms).is_none());
                assert_eq!(others.count(), 0, "{}: `{}` names a key that is not there", table.name, key.name);
            }
        }
    }

    #[test]
    fn tables_have_names_of_their_own() {
        let names: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
        let titles: BTreeSet<&str> = TABLES.iter().map(|table| table.title).collect();
        assert_eq!((names.len(), titles.len()), (TABLES.len(), TABLES.len()));
    }
}
