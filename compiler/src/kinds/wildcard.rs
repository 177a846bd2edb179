//! `wildcard`: exact values that are searched by a part of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{limited_mapping, never, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::PgType;

/// Keeps three-letter parts of each value, by which `*part*` finds it without a scan.
#[derive(Debug)]
pub(super) struct Wildcard;

impl Kind for Wildcard {
    fn name(&self) -> &'static str {
        "wildcard"
    }

    fn docs(&self) -> &'static str {
        "Exact values that are searched by a part of them, such as file paths or log lines.\n\n\
         A query for `*part*` is fast where `keyword` reads every term; facets and sorting are slower. A value of more \
         than 10922 UTF-16 units stays in the document and is not searchable. OpenSearch 2.15 or newer.\n\n\
         Example: `path: { kind: wildcard, column: note }`"
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [&'static str] {
        &["doc_values", "ignore_above", "normalizer", "null_value"]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        if pg_type.base.is_text() {
            return Acceptance::Exact;
        }
        never("`wildcard` searches parts of a text, and the value is not text", "`keyword`")
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        limited_mapping("wildcard")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        text(expression, pg_type)
    }
}
