//! `search_as_you_type`: words found while they are typed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{accept_text, mapping_of, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::PgType;

/// The kind `search_as_you_type`: prefixes of words.
#[derive(Debug)]
pub(super) struct SearchAsYouType;

impl Kind for SearchAsYouType {
    fn name(&self) -> &'static str {
        "search_as_you_type"
    }

    fn docs(&self) -> &'static str {
        "Words that are found while they are still being typed.\n\nMostly a subfield of a `text`.\n\nExample: `name: { kind: text, subfields: { suggest: search_as_you_type } }`"
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [&'static str] {
        &[
            "analyzer",
            "doc_values",
            "index",
            "index_options",
            "max_shingle_size",
            "meta",
            "norms",
            "search_analyzer",
            "search_quote_analyzer",
            "similarity",
            "store",
            "term_vector",
        ]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_text("search_as_you_type", pg_type)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("search_as_you_type")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        text(expression, pg_type)
    }
}
