//! The declared kinds of a field, one file each: spelling, accepted Postgres types and how well,
//! mapping, SQL and docs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::Value;

use crate::pg_type::PgType;

mod auto;
mod binary;
mod boolean;
mod byte;
mod common;
mod date;
mod decimal;
mod double;
mod float;
mod half_float;
mod identifier;
mod integer;
mod interval;
mod ip;
mod ip_range;
mod json;
mod keyword;
mod labelled;
mod long;
mod search_as_you_type;
mod short;
mod text;
mod time;
mod timestamp;
mod token_count;
mod uuid;

pub use auto::{NAME as AUTO, NoInference, infer};
pub(crate) use common::{TERM_BYTES_MAX, UNIT_BYTES_MAX};

/// Every kind, sorted by name. `auto` is none: it stands for one of these ([`infer`]).
pub const ALL: &[&dyn Kind] = &[
    &binary::Binary,
    &boolean::Boolean,
    &byte::Byte,
    &date::Date,
    &decimal::Decimal,
    &double::Double,
    &labelled::Enum,
    &float::Float,
    &half_float::HalfFloat,
    &identifier::Identifier,
    &integer::Integer,
    &interval::Interval,
    &ip::Ip,
    &ip_range::IpRange,
    &json::Json,
    &keyword::Keyword,
    &long::Long,
    &search_as_you_type::SearchAsYouType,
    &short::Short,
    &text::Text,
    &time::Time,
    &timestamp::Timestamp,
    &token_count::TokenCount,
    &uuid::Uuid,
];

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    ALL.iter().find(|kind| kind.name() == name).copied()
}

/// A kind's page in Markdown.
pub fn page(kind: &dyn Kind) -> String {
    format!("# {}\n\n{}\n", kind.name(), kind.docs())
}

/// Every kind's page, in Markdown.
pub fn pages() -> String {
    let mut text = String::from(
        "# Kinds\n\nWhat a field can be, what it takes and what it loses. `flusso explain kind:NAME` prints one.\n",
    );
    for kind in ALL {
        text.push_str(&format!("\n#{}", page(*kind)));
    }
    text
}

/// Names of the kinds that take values of a type as they are, or once a key of their own is written; the one
/// that `auto` stands for first.
pub fn fitting(pg_type: &PgType) -> Vec<&'static str> {
    let natural = infer(pg_type).ok().map(|kind| kind.name());
    let takes = |kind: &&&dyn Kind| {
        let parameters = kind.complete(pg_type, &BTreeMap::new());
        let accepted = kind.accepts(pg_type, &parameters);
        natural != Some(kind.name()) && !matches!(accepted, Acceptance::Never { .. } | Acceptance::Lossy(_))
    };
    natural.into_iter().chain(ALL.iter().filter(takes).map(|kind| kind.name())).collect()
}

/// One kind. Everything that is particular to it is here; nothing elsewhere lists kinds.
pub trait Kind: Debug + Sync {
    /// Its spelling in a file.
    fn name(&self) -> &'static str;

    /// Its page: what it is for, what it loses, an example. Markdown; the first sentence stands alone.
    fn docs(&self) -> &'static str;

    /// The kind's own keys beside `kind` that it takes, sorted (`scale`, `order`, …).
    fn own_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Names of the mapping parameters that `options` may hold, sorted.
    fn options(&self) -> &'static [&'static str];

    /// How well a value of this type fits, the kind's own keys considered. Of an array its elements are
    /// judged: a scalar kind over an array is a list of it.
    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance;

    /// The own keys with what follows from the type filled in (a `scale` from `numeric(12,2)`, the order
    /// of an enum type's labels where it sorts); as they are printed in the lock.
    fn complete(&self, _pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        parameters.clone()
    }

    /// Its mapping without `options` and written subfields, and what analysis it brings.
    fn mapping(&self, field: &MappingContext<'_>) -> Mapping;

    /// SQL that prints a value as a JSON token, never `NULL` where the value is not.
    ///
    /// `expression` may be used more than once; it is parenthesised where it is no plain name.
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
    /// Something is: what, in words.
    Lossy(String),
    /// It must not be: what would happen to the document, and what to write instead.
    Never {
        /// What would happen.
        why: String,
        /// Kinds that would do, best first, or an expression to write.
        instead: String,
    },
    /// It fits once a key of its own is written (`scale`).
    NeedsKey {
        /// The missing key.
        key: &'static str,
        /// Why it is needed.
        why: String,
    },
}

/// What a mapping may depend on.
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
pub struct Mapping {
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
            assert!(kind.own_keys().is_sorted(), "{}", kind.name());
        }
    }

    #[test]
    fn the_first_sentence_of_every_page_stands_alone() {
        for kind in ALL {
            let first = kind.docs().lines().next().unwrap_or_default();
            assert!(first.ends_with('.') && kind.docs().contains("Example:"), "{}", kind.name());
        }
    }
}
