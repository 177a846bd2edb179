//! `token_count`: how many words a text has.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{accept_text, mapping_of, text};
use super::{Acceptance, FieldMapping, JsonValue, Kind, MappingContext, Rendered};
use crate::pg_type::PgType;

/// The kind `token_count`: the number of words.
#[derive(Debug)]
pub(super) struct TokenCount;

impl Kind for TokenCount {
    fn name(&self) -> &'static str {
        "token_count"
    }

    fn docs(&self) -> &'static str {
        "How many words a text has, as the analyzer splits it.\n\nOver an array it is an array of counts.\n\n\
         Example: `length: { kind: token_count, column: body, options: { analyzer: standard } }`"
    }

    fn is_subfield(&self) -> bool {
        true
    }

    /// The count is the index's own; the document holds the text.
    fn refuses_json(&self, value: &JsonValue<'_>) -> Option<String> {
        (!value.value.is_string()).then(|| "a text".to_owned())
    }

    fn options(&self) -> &'static [&'static str] {
        &[
            "analyzer",
            "doc_values",
            "enable_position_increments",
            "index",
            "index_options",
            "meta",
            "null_value",
            "similarity",
            "skip_list",
            "store",
        ]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_text("token_count", pg_type)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        let mut mapping = mapping_of("token_count");
        mapping.parameters.insert("analyzer".to_owned(), "standard".into());
        mapping
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        text(expression, pg_type)
    }
}
