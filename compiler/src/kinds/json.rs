//! `json`: structures as they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::never;
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// `json`
#[derive(Debug)]
pub(super) struct Json;

impl Kind for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn docs(&self) -> &'static str {
        "Structures as they are, kept in the document and not searched.\n\n\
         `as: flat_object` makes leaves searchable as exact texts; then every value must be an object, and a \
         leaf of more than 32,766 bytes loses the document.\n\n\
         Example: `attributes: json`"
    }

    fn own_keys(&self) -> &'static [&'static str] {
        &["as"]
    }

    fn options(&self) -> &'static [&'static str] {
        &[]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Json | BaseType::Jsonb | BaseType::Hstore | BaseType::Composite => Acceptance::Exact,
            _ if pg_type.array => never("the value is a list", "the kind of its elements"),
            _ => never("the value is no structure", "`auto`, or the kind of the value"),
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> Mapping {
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
            BaseType::Json | BaseType::Jsonb => format!("{expression}::text"),
            _ => format!("to_jsonb({expression})::text"),
        })
    }
}
