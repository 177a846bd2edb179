//! The declared kinds of a field, one file each: spelling, accepted Postgres types and how well,
//! mapping, SQL and docs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde_json::Value;

use crate::grammar::Key;
use crate::grammar::page::keys_table;
use crate::opensearch::document::{self, FieldType};
use crate::pg_type::{BaseType, Enums, PgType};
use crate::syntax::tree::Node;

mod auto;
mod binary;
mod boolean;
mod common;
mod date;
mod decimal;
mod floats;
mod identifier;
mod integers;
mod interval;
mod ip;
mod ip_range;
mod json;
mod keyword;
mod labelled;
mod search_as_you_type;
mod text;
mod time;
mod timestamp;
mod token_count;
mod uuid;
mod wildcard;

pub use auto::{NAME as AUTO, NoInference};
pub(crate) use common::{TERM_BYTES_MAX, UNIT_BYTES_MAX};

/// Every kind, sorted by name. `auto` is not one: it chooses one of these ([`Kinds::infer`]).
pub const ALL: &[&dyn Kind] = &[
    &binary::Binary,
    &boolean::Boolean,
    &integers::BYTE,
    &date::Date,
    &decimal::Decimal,
    &floats::DOUBLE,
    &labelled::Enum,
    &floats::FLOAT,
    &floats::HALF_FLOAT,
    &identifier::Identifier,
    &integers::INTEGER,
    &interval::Interval,
    &ip::Ip,
    &ip_range::IpRange,
    &json::Json,
    &keyword::Keyword,
    &integers::LONG,
    &search_as_you_type::SearchAsYouType,
    &integers::SHORT,
    &text::Text,
    &time::Time,
    &timestamp::Timestamp,
    &token_count::TokenCount,
    &uuid::Uuid,
    &wildcard::Wildcard,
];

/// Kinds that are a part of the language and not built yet, with their own keys.
pub(crate) const NOT_YET: [(&str, &[&str]); 13] = [
    ("completion", &["contexts", "weight"]),
    ("custom", &["opensearch"]),
    ("date_range", &["gt", "gte", "lt", "lte"]),
    ("double_range", &["gt", "gte", "lt", "lte"]),
    ("geo_point", &["lat", "lon"]),
    ("geo_shape", &[]),
    ("integer_range", &["gt", "gte", "lt", "lte"]),
    ("long_range", &["gt", "gte", "lt", "lte"]),
    ("map", &["of"]),
    ("nested", &[]),
    ("object", &[]),
    ("unsigned_long", &[]),
    ("vector", &["dimension"]),
];

/// The kinds that a project may use.
#[derive(Clone, Debug)]
pub struct Kinds(Cow<'static, [&'static dyn Kind]>);

impl Kinds {
    /// Those of this version.
    pub const fn standard() -> Self {
        Self(Cow::Borrowed(ALL))
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, kind: &'static dyn Kind) -> Self {
        let mut kinds = self.0.into_owned();
        kinds.push(kind);
        kinds.sort_by_key(|kind| kind.name());
        Self(Cow::Owned(kinds))
    }

    /// Every kind, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Kind> {
        self.0.iter().copied()
    }

    /// The names of all kinds, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Kind::name).collect()
    }

    /// The kind of that name.
    pub fn find(&self, name: &str) -> Option<&'static dyn Kind> {
        self.iter().find(|kind| kind.name() == name)
    }

    /// The kinds that have this name elsewhere, of whatever case.
    pub fn of_alias(&self, word: &str) -> Vec<&'static str> {
        let folded = word.to_lowercase();
        let has_it = |kind: &&dyn Kind| kind.aliases().contains(&folded.as_str());
        self.iter().filter(has_it).map(Kind::name).collect()
    }

    /// Those that a subfield may have.
    pub fn of_subfields(&self) -> Vec<&'static str> {
        self.iter().filter(|kind| kind.is_subfield()).map(Kind::name).collect()
    }

    /// Those that a count may have.
    pub fn of_counts(&self) -> Vec<&'static str> {
        self.iter().filter(|kind| kind.counts_as().is_some()).map(Kind::name).collect()
    }

    /// Every own key that some kind has, sorted; those of kinds that are not built yet too.
    pub(crate) fn own_keys(&self) -> BTreeSet<&'static str> {
        let built = self.iter().flat_map(|kind| kind.own_keys()).map(|key| key.name);
        built.chain(NOT_YET.iter().flat_map(|(_, keys)| keys.iter().copied())).collect()
    }

    /// The kind that `auto` chooses for a type. It never depends on a length.
    pub fn infer(&self, pg_type: &PgType) -> Result<&'static dyn Kind, NoInference> {
        self.iter().find(|kind| kind.is_auto_for(&pg_type.base)).ok_or_else(|| NoInference::of(pg_type))
    }

    /// The kind that a constant has by its value, if `auto` can choose one.
    pub(crate) fn of_constant(&self, node: &Node) -> Option<&'static dyn Kind> {
        self.find(auto::of_constant(node)?)
    }

    /// Names of the kinds that accept a type as it is, or once one of their own keys is written; the choice of `auto`
    /// comes first.
    pub fn fitting(&self, pg_type: &PgType) -> Vec<&'static str> {
        let natural = self.infer(pg_type).ok().map(|kind| kind.name());
        let takes = |kind: &&dyn Kind| {
            let parameters = kind.complete(pg_type, &BTreeMap::new());
            let accepted = kind.accepts(pg_type, &parameters);
            natural != Some(kind.name())
                && !matches!(accepted, Acceptance::Never { .. } | Acceptance::Lossy(_))
        };
        natural.into_iter().chain(self.iter().filter(takes).map(Kind::name)).collect()
    }

    /// Every kind's page, in Markdown.
    pub fn pages(&self) -> String {
        let mut text = String::from(
            "# Kinds\n\nEvery kind of field: what it accepts and what it loses. `flusso explain kind:NAME` prints one.\n",
        );
        for kind in self.iter() {
            text.push_str(&format!("\n#{}", page(kind)));
        }
        text
    }
}

/// The kind of that name in this version.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    Kinds::standard().find(name)
}

/// A kind's page in Markdown.
pub fn page(kind: &dyn Kind) -> String {
    let mut text = format!("# {}\n\n{}\n", kind.name(), kind.docs());
    if !kind.own_keys().is_empty() {
        text.push_str(&format!("\n{}", keys_table(kind.own_keys().iter())));
    }
    text
}

/// One kind. Everything that is particular to it is here, and nothing elsewhere asks for its name.
pub trait Kind: Debug + Sync {
    /// Its spelling in a file.
    fn name(&self) -> &'static str;

    /// Its page in Markdown: purpose, losses, an example. The first sentence must make sense on its own.
    fn docs(&self) -> &'static str;

    /// Its names in Postgres and other tools, in lower case, which the help for an unknown kind replaces. Two kinds
    /// share one only if either may be meant.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The keys beside `kind` that only it accepts, with their grammar, sorted by name (`scale`, `order`, …).
    fn own_keys(&self) -> &'static [Key] {
        &[]
    }

    /// Names of the mapping parameters that `options` may hold, sorted.
    fn options(&self) -> &'static [&'static str];

    /// Names of the mapping parameters, where they depend on its own keys.
    fn options_with(&self, _parameters: &BTreeMap<String, Value>) -> &'static [&'static str] {
        self.options()
    }

    /// Whether a subfield may have it: it must accept any text and need no key of its own.
    fn is_subfield(&self) -> bool {
        false
    }

    /// Whether a field of it may have subfields.
    fn has_subfields(&self) -> bool {
        true
    }

    /// Whether `auto` chooses it for this type. At most one kind may claim a type.
    fn is_auto_for(&self, _base: &BaseType) -> bool {
        false
    }

    /// The Postgres type of the numbers that a count of this kind gives; none: a count cannot have it.
    fn counts_as(&self) -> Option<&'static str> {
        None
    }

    /// What must be written instead of a `default` or a constant that its field would refuse.
    fn refuses_json(&self, value: &JsonValue<'_>) -> Option<String> {
        let text = PgType::of_text("text", &Enums::new());
        let field = MappingContext { path: "", pg_type: &text, parameters: value.parameters };
        let mapping = self.mapping(&field).parameters;
        let name = mapping["type"].as_str().expect("a mapping's type is a text");
        // Without `ignore_above` a longer text would have its document refused.
        let is_too_long = |text: &str| text.len() as u64 > TERM_BYTES_MAX;
        if name == "keyword" && value.value.as_str().is_some_and(is_too_long) {
            return Some("a shorter text".to_owned());
        }
        let scaling_factor = mapping.get("scaling_factor").and_then(Value::as_u64).unwrap_or(1);
        document::refusal(&FieldType { name, scaling_factor, format: value.format }, value.value)
    }

    /// Which of the forms of [`date_format::PRINTED`] its values have, where a `format` has to read them.
    fn printed(&self, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> usize {
        0
    }

    /// How well a value of this type fits, the kind's own keys considered. Of an array its elements are
    /// judged: a scalar kind over an array is a list of it.
    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance;

    /// The own keys with what follows from the type filled in (a `scale` from `numeric(12,2)`, the order
    /// of an enum type's labels where it sorts); as they are printed in the lock.
    fn complete(&self, _pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        parameters.clone()
    }

    /// Its mapping without `options` and written subfields, and what analysis it brings.
    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping;

    /// SQL that prints a value as a JSON token, never `NULL` where the value is not.
    ///
    /// `expression` may be used more than once; it is parenthesised unless it is a plain name.
    fn render(&self, expression: &str, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Rendered;

    /// Raised when a fixed bug changes the text it prints for a value, so that `apply` refills indexes
    /// built before.
    fn rendering(&self) -> u32 {
        1
    }
}

/// How well a type fits a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Nothing a reader can see is lost.
    Exact,
    /// A reader may miss something; the text says what.
    Lossy(String),
    /// It is refused, because documents would be wrong or refused.
    Never {
        /// The reason, as it follows "`long` does not accept `text`:".
        why: String,
        /// Kinds that would do, best first, or an expression to write.
        instead: String,
    },
    /// It fits once a key of its own is written (`scale`).
    NeedsKey {
        /// The own key that must be written.
        key: &'static str,
        /// Why it is needed.
        why: String,
    },
}

/// A value that every document is to hold.
#[derive(Clone, Copy, Debug)]
pub struct JsonValue<'a> {
    /// The value as the file writes it.
    pub value: &'a Value,
    /// The kind's own keys, completed.
    pub parameters: &'a BTreeMap<String, Value>,
    /// `format` of a date, where one is written.
    pub format: Option<&'a str>,
}

/// The facts that a mapping may depend on.
#[derive(Clone, Copy, Debug)]
pub struct MappingContext<'a> {
    /// Path of the field, for names of what it brings.
    pub path: &'a str,
    /// Type of the value.
    pub pg_type: &'a PgType,
    /// The kind's own keys, completed.
    pub parameters: &'a BTreeMap<String, Value>,
}

/// A field's mapping and the analysis that comes with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldMapping {
    /// The parameters, `type` among them.
    pub parameters: BTreeMap<String, Value>,
    /// Subfields, where none are written.
    pub subfields: BTreeMap<String, Value>,
    /// Analysis by section (`analyzer`, `filter`, …) and name.
    pub analysis: BTreeMap<&'static str, BTreeMap<String, Value>>,
}

/// SQL that prints a JSON token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// `expression` itself concatenates to its token (integers): NULL where the value is.
    Plain(String),
    /// An expression of type text or json that is NULL where the value is.
    Text(String),
    /// An expression of type text that is never NULL: it prints `null` by itself.
    Total(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_found_by_their_names() {
        let names: Vec<_> = ALL.iter().map(|kind| kind.name()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted);
        assert!(names.iter().all(|name| find(name).is_some_and(|kind| kind.name() == *name)));
    }

    #[test]
    fn keys_and_options_are_sorted() {
        for kind in ALL {
            assert!(kind.options().is_sorted(), "{}", kind.name());
            assert!(kind.own_keys().is_sorted_by_key(|key| key.name), "{}", kind.name());
        }
    }

    #[test]
    fn words_of_other_tools_name_no_kind_of_ours() {
        let kinds = Kinds::standard();
        for kind in kinds.iter() {
            for alias in kind.aliases() {
                assert!(kinds.find(alias).is_none(), "{alias}");
                assert_eq!(alias.to_lowercase(), **alias);
            }
        }
        assert_eq!(kinds.of_alias("BIGINT"), ["long"]);
        assert_eq!(kinds.of_alias("varchar"), ["identifier", "keyword", "text"]);
    }

    #[test]
    fn every_page_begins_with_one_sentence_and_has_an_example() {
        for kind in ALL {
            let first = kind.docs().lines().next().unwrap_or_default();
            assert!(first.ends_with('.') && kind.docs().contains("Example:"), "{}", kind.name());
        }
    }
}
