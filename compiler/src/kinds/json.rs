//! `json`: structures as they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::never;
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::grammar::Value::Word;
use crate::grammar::{Key, key};
use crate::pg_type::{BaseType, PgType};

/// The kind `json`: structured values as they are.
#[derive(Debug)]
pub(super) struct Json;

impl Kind for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn docs(&self) -> &'static str {
        "Structures as they are, kept in the document and not searched.\n\n\
         If an object has a key twice, the last value is kept: OpenSearch would refuse the document otherwise.\n\n\
         `as: flat_object` makes leaves searchable as exact texts; then every value must be an object. A leaf \
         that takes more than 32,766 bytes together with its path, as in `attributes.color=red`, loses the \
         document: OpenSearch has no `ignore_above` for this type.\n\n\
         Example: `attributes: json`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["jsonb", "hstore"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Json | BaseType::Jsonb | BaseType::Hstore)
    }

    fn has_subfields(&self) -> bool {
        false
    }

    fn own_keys(&self) -> &'static [Key] {
        const {
            &[key(
                "as",
                Word(&["disabled", "flat_object"], &["object"]),
                "Kept and not searched, or leaves as exact texts.",
            )
            .default("disabled")]
        }
    }

    fn options(&self) -> &'static [&'static str] {
        &[]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Json | BaseType::Jsonb | BaseType::Hstore | BaseType::Composite => Acceptance::Exact,
            _ if pg_type.array => never(
                "expected `json`, `jsonb` or another structure, found a list",
                "the kind of its elements",
            ),
            _ => never("expected `json`, `jsonb` or another structure", "`auto`, or the kind of the value"),
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        let (name, value) = match field.parameters.get("as").and_then(Value::as_str) {
            Some("flat_object") => return super::common::mapping_of("flat_object"),
            _ => ("enabled".to_owned(), Value::Bool(false)),
        };
        let mut mapping = super::common::mapping_of("object");
        mapping.parameters.insert(name, value);
        mapping
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(match pg_type.base {
            BaseType::Jsonb => format!("{expression}::text"),
            BaseType::Json => through_jsonb(expression),
            // Its own cast makes an object of texts with unlike keys.
            BaseType::Hstore => format!("to_jsonb({expression})::text"),
            // A composite may hold a `json` that `to_jsonb` would refuse.
            _ => through_jsonb(&format!("to_json({expression})")),
        })
    }

    fn rendering(&self) -> u32 {
        2
    }
}

/// Bytes below which no nesting or number can be more than `jsonb` takes: a `numeric` has up to 16,383 digits
/// after the point, and a level takes at least two bytes.
const SURELY_SHALLOW_BYTES: u32 = 16_000;

/// Brackets up to which the server's stack surely holds what `json` itself could read (measured: 13,000
/// levels with 2 MB).
const BRACKETS_MAX: u32 = 8_000;

/// A `json` as text, passed through `jsonb` where that cannot fail: OpenSearch refuses a document with duplicate
/// keys, and `jsonb` keeps the last one, as JSON parsers do.
///
/// Legal in `json` and an error in `jsonb` are the escapes of NUL and of half a surrogate pair, numbers beyond
/// `numeric`, which take an exponent of three digits or thousands of digits, more levels than the stack holds,
/// and more than 256 MB. Such a text stays as it is.
fn through_jsonb(json: &str) -> String {
    let text = format!("{json}::text");
    format!(
        "case\n  \
           when {text} ~ '\\\\u(0000|[dD][89a-fA-F])|[eE][+-]?[0-9]{{3}}' then {text}\n  \
           when octet_length({text}) < {SURELY_SHALLOW_BYTES} then {json}::jsonb::text\n  \
           when octet_length({text}) > 100000000 or {text} ~ '[0-9]{{255}}'\n    \
             or length({text}) - length(translate({text}, '[{{', '')) > {BRACKETS_MAX} then {text}\n  \
           else {json}::jsonb::text end"
    )
}
