//! Checked names: what the catalog calls a schema, table or column, and how SQL spells it.

mod keywords;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use keywords::is_reserved;

/// How long a name may be in Postgres (`NAMEDATALEN` less its end); a longer one is cut without an error.
pub const NAME_BYTES_MAX: usize = 63;

/// One name of the Postgres catalog, exactly as the catalog holds it (no folding, no quotes).
///
/// [`fmt::Display`] spells it for SQL, in quotes where Postgres itself writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(String);

/// An invalid name, or one that is not quoted as in Postgres.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid {what} `{text}`: a name with a dot or a double quote is written in double quotes, as in Postgres"
)]
pub struct NameError {
    text: String,
    what: &'static str,
}

impl Ident {
    /// A name as the catalog holds it.
    pub fn new(catalog_name: impl Into<String>) -> Self {
        Self(catalog_name.into())
    }

    /// The name as the catalog holds it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_identifier(&self.0))
    }
}

impl FromStr for Ident {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match split_name(text).as_deref() {
            Some([name]) => Ok(Self(name.clone())),
            _ => Err(NameError { text: text.to_owned(), what: "name of a column" }),
        }
    }
}

/// A table of the catalog with the schema it is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// Name of its schema.
    pub schema: Ident,
    /// The table's name within it.
    pub name: Ident,
}

impl TableName {
    /// A table by the catalog's own names.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: Ident::new(schema), name: Ident::new(name) }
    }

    /// Reads `table` or `schema.table`, with `default_schema` where none is written.
    pub fn parse(text: &str, default_schema: &str) -> Result<Self, NameError> {
        match split_name(text).as_deref() {
            Some([name]) => Ok(Self::new(default_schema, name)),
            Some([schema, name]) => Ok(Self::new(schema, name)),
            _ => Err(NameError { text: text.to_owned(), what: "name of a table" }),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl FromStr for TableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match split_name(text).as_deref() {
            Some([schema, name]) => Ok(Self::new(schema, name)),
            _ => Err(NameError { text: text.to_owned(), what: "qualified name of a table" }),
        }
    }
}

/// A name as SQL spells it: as it is within `[a-z_][a-z0-9_]*`, else in double quotes, and so are the words of
/// SQL's grammar. After a dot most of these need none, but not all: `t.not in (1)` is a syntax error.
pub fn quote_identifier(name: &str) -> Cow<'_, str> {
    let plain = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_lowercase() || (at > 0 && byte.is_ascii_digit())
    };
    if !name.is_empty() && name.bytes().enumerate().all(plain) && !keywords::is_quoted(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// A text as an SQL literal under `standard_conforming_strings = on`.
pub fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Splits a dotted name into its parts, taking double quotes as Postgres does; nothing is folded.
///
/// `None` where a part is empty or a quote is not closed.
pub fn split_name(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = take_part(rest)?;
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

fn take_part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        let part = &text[..end];
        return (!part.is_empty() && !part.contains('"')).then(|| (part.to_owned(), &text[end..]));
    };
    let mut part = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return (!part.is_empty()).then_some((part, after)),
        }
    }
}

macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(Ident, TableName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_only_where_postgres_needs_it() {
        for (name, spelled) in [
            ("orders", "orders"),
            ("Listing", "\"Listing\""),
            ("a\"b", "\"a\"\"b\""),
            ("1st", "\"1st\""),
            ("Order Items", "\"Order Items\""),
            ("not", "\"not\""),
            ("position", "\"position\""),
            ("name", "name"),
        ] {
            assert_eq!(Ident::new(name).to_string(), spelled);
            assert_eq!(spelled.parse::<Ident>().expect("a name"), Ident::new(name));
        }
    }

    #[test]
    fn a_dot_parts_schema_from_table_outside_quotes_only() {
        let table: TableName = "shop.\"a.b\"".parse().expect("a table");
        assert_eq!(table, TableName::new("shop", "a.b"));
        assert_eq!(TableName::parse("orders", "shop"), Ok(TableName::new("shop", "orders")));
        for wrong in ["", ".", "a.", "a..b", "\"a", "a\"b", "a.b.c"] {
            assert!(wrong.parse::<TableName>().is_err(), "{wrong}");
        }
    }
}
