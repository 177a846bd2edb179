//! The declared kinds of a field, one file each: spelling, accepted Postgres types and how well,
//! mapping, SQL and docs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::Value;

use crate::pg_type::PgType;

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

    /// How well a value of this type fits, the kind's own keys considered.
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

    /// Raised when the text it prints changes meaning.
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
