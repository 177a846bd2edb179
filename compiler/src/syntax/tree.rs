//! The spanned tree of a YAML file: every key and value with its byte range.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map as JsonMap, Number, Value as Json};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes; of a mapping or list from its first to its last item.
    pub span: Range<usize>,
    /// Its scalar, list or mapping; or nothing.
    pub content: Content,
}

/// The content of a value.
#[derive(Clone, Debug)]
pub enum Content {
    /// A scalar with its text, escapes undone.
    Scalar {
        /// The text with escapes undone.
        text: String,
        /// Whether it was written without quotes, so that it may be more than text.
        plain: bool,
    },
    /// A list in block or flow style.
    List(Vec<Node>),
    /// A mapping in block or flow style.
    Map(Mapping),
}

/// A mapping without duplicate keys.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Its entries in the order of the file.
    pub entries: Vec<Entry>,
    /// Keys whose value could not be read, so that nothing is said to be missing.
    pub lost: Vec<String>,
}

/// One key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// Bytes of the key, with its quotes.
    pub key_span: Range<usize>,
    /// The value; empty if nothing is written.
    pub value: Node,
}

/// A scalar as the core schema of YAML 1.2 reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum YamlScalar {
    /// `null`, `~` or nothing.
    Null,
    /// One of `true` and `false`, in any case that YAML 1.2 has.
    Boolean(bool),
    /// An integer by its decimal digits, which may be beyond 64 bits.
    Integer(String),
    /// A number with a fraction or exponent, as written.
    Float(String),
    /// Any other plain scalar, and every quoted one.
    Text(String),
}

impl Node {
    /// The scalar, where it is one.
    pub fn scalar(&self) -> Option<YamlScalar> {
        match &self.content {
            Content::Scalar { text, plain: true } => Some(core_schema(text)),
            Content::Scalar { text, plain: false } => Some(YamlScalar::Text(text.clone())),
            _ => None,
        }
    }

    /// Whether no value is written at all, not even `null`.
    pub fn is_missing(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if text.is_empty())
    }

    /// The type of the value, as messages name it.
    pub fn what(&self) -> &'static str {
        match &self.content {
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
            Content::Scalar { .. } => match self.scalar() {
                Some(YamlScalar::Null) if self.is_missing() => "nothing",
                Some(YamlScalar::Null) => "`null`",
                Some(YamlScalar::Boolean(_)) => "a boolean",
                Some(YamlScalar::Integer(_) | YamlScalar::Float(_)) => "a number",
                _ => "text",
            },
        }
    }

    /// The value as a document holds it, maps sorted by key; none where a number is beyond what JSON can hold.
    pub fn document_json(&self) -> Option<Json> {
        Some(match &self.content {
            Content::List(items) => {
                Json::Array(items.iter().map(Self::document_json).collect::<Option<_>>()?)
            }
            Content::Map(mapping) => {
                let entries =
                    mapping.entries.iter().map(|entry| Some((&entry.key, entry.value.document_json()?)));
                let sorted: BTreeMap<&String, Json> = entries.collect::<Option<_>>()?;
                Json::Object(sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect())
            }
            Content::Scalar { .. } => match self.scalar().expect("it is a scalar") {
                YamlScalar::Integer(digits) => Json::from(digits.parse::<i64>().ok()?),
                YamlScalar::Float(text) => Json::Number(text.parse().ok().and_then(Number::from_f64)?),
                other => scalar_json(other),
            },
        })
    }

    /// The value as JSON: the preimage of `inputs`. Integers that JCS would round, and numbers that JSON
    /// does not know, become text.
    pub fn json(&self) -> Json {
        match &self.content {
            Content::List(items) => Json::Array(items.iter().map(Self::json).collect()),
            Content::Map(mapping) => Json::Object(mapping.json()),
            Content::Scalar { .. } => scalar_json(self.scalar().expect("it is a scalar")),
        }
    }
}

impl Mapping {
    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The mapping as JSON.
    pub fn json(&self) -> JsonMap<String, Json> {
        self.entries.iter().map(|entry| (entry.key.clone(), entry.value.json())).collect()
    }
}

/// Keys, and texts with their keys, below a mapping that fit, each with the key it is or belongs to that does not fit, and its bytes.
pub fn texts<'a>(mapping: &'a Mapping, fits: &dyn Fn(&str, &str) -> bool) -> Vec<(&'a str, Range<usize>)> {
    let mut found = Vec::new();
    for entry in &mapping.entries {
        if fits("", &entry.key) {
            found.push(("key", entry.key_span.clone()));
        }
        texts_of(&entry.key, &entry.value, fits, &mut found);
    }
    found
}

fn texts_of<'a>(
    key: &'a str,
    node: &'a Node,
    fits: &dyn Fn(&str, &str) -> bool,
    found: &mut Vec<(&'a str, Range<usize>)>,
) {
    match &node.content {
        Content::Scalar { text, .. } if fits(key, text) => {
            found.push((if fits("", key) { "key" } else { key }, node.span.clone()));
        }
        Content::Scalar { .. } => {}
        Content::List(items) => items.iter().for_each(|item| texts_of(key, item, fits, found)),
        Content::Map(mapping) => found.extend(texts(mapping, fits)),
    }
}

fn scalar_json(scalar: YamlScalar) -> Json {
    match scalar {
        YamlScalar::Null => Json::Null,
        YamlScalar::Boolean(value) => Json::Bool(value),
        YamlScalar::Text(text) => Json::String(text),
        YamlScalar::Integer(digits) => match digits.parse::<i64>() {
            Ok(value) if value.unsigned_abs() < 1 << 53 => Json::from(value),
            _ => Json::String(digits),
        },
        YamlScalar::Float(text) => match text.parse().ok().and_then(Number::from_f64) {
            Some(number) => Json::Number(number),
            None => Json::String(text),
        },
    }
}

/// Tag resolution of the core schema (YAML 1.2.2, 10.3.2).
fn core_schema(text: &str) -> YamlScalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return YamlScalar::Null,
        "true" | "True" | "TRUE" => return YamlScalar::Boolean(true),
        "false" | "False" | "FALSE" => return YamlScalar::Boolean(false),
        _ => {}
    }
    if let Some(value) = radix(text) {
        return YamlScalar::Integer(value);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(unsigned) {
        let trimmed = unsigned.trim_start_matches('0');
        let sign = if text.starts_with('-') && !trimmed.is_empty() { "-" } else { "" };
        return YamlScalar::Integer(format!("{sign}{}", if trimmed.is_empty() { "0" } else { trimmed }));
    }
    if is_float(unsigned) { YamlScalar::Float(text.to_owned()) } else { YamlScalar::Text(text.to_owned()) }
}

fn radix(text: &str) -> Option<String> {
    let parse = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|value| value.to_string());
    match (text.strip_prefix("0o"), text.strip_prefix("0x")) {
        (Some(octal), _) if !octal.starts_with('+') => parse(octal, 8),
        (_, Some(hexadecimal)) if !hexadecimal.starts_with('+') => parse(hexadecimal, 16),
        _ => None,
    }
}

fn is_float(unsigned: &str) -> bool {
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digit = !whole.is_empty() || !fraction.is_empty();
    let exponent_holds = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    has_digit && is_digits(whole) && is_digits(fraction) && exponent_holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_read_by_the_core_schema() {
        for (text, scalar) in [
            ("no", YamlScalar::Text("no".to_owned())),
            ("on", YamlScalar::Text("on".to_owned())),
            ("~", YamlScalar::Null),
            ("True", YamlScalar::Boolean(true)),
            ("02134", YamlScalar::Integer("2134".to_owned())),
            ("-0", YamlScalar::Integer("0".to_owned())),
            ("0x1F", YamlScalar::Integer("31".to_owned())),
            (
                "123456789012345678901234567890",
                YamlScalar::Integer("123456789012345678901234567890".to_owned()),
            ),
            ("1.50", YamlScalar::Float("1.50".to_owned())),
            ("1e3", YamlScalar::Float("1e3".to_owned())),
            (".", YamlScalar::Text(".".to_owned())),
            ("1.2.3", YamlScalar::Text("1.2.3".to_owned())),
            ("2024-01-01", YamlScalar::Text("2024-01-01".to_owned())),
        ] {
            assert_eq!(core_schema(text), scalar);
        }
    }
}
