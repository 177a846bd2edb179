//! `identifier`: codes that people type with and without their dashes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::common::{TEXT_OPTIONS, accept_text, keyword_subfield, mapping_of, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::PgType;

/// The kind `identifier`: codes that people type.
#[derive(Debug)]
pub(super) struct Identifier;

const ANALYZER: &str = "flusso_identifier";
const SEARCH_ANALYZER: &str = "flusso_identifier_search";

impl Kind for Identifier {
    fn name(&self) -> &'static str {
        "identifier"
    }

    fn docs(&self) -> &'static str {
        "Codes such as order numbers, found whole, in parts, and without their dashes.\n\n\
         Brings an analyzer of its own and a subfield `.keyword` with the whole value.\n\n\
         Example: `number: identifier`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["string", "str", "varchar", "char", "citext"]
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [&'static str] {
        TEXT_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_text("identifier", pg_type)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        let mut mapping =
            FieldMapping { subfields: keyword_subfield(), analysis: analysis(), ..mapping_of("text") };
        mapping.parameters.insert("analyzer".to_owned(), ANALYZER.into());
        mapping.parameters.insert("search_analyzer".to_owned(), SEARCH_ANALYZER.into());
        mapping
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        text(expression, pg_type)
    }
}

fn analysis() -> BTreeMap<&'static str, BTreeMap<String, Value>> {
    let parted = json!({ "type": "word_delimiter_graph", "catenate_all": true, "preserve_original": true });
    let indexed = json!({
        "type": "custom", "tokenizer": "whitespace", "filter": [ANALYZER, "lowercase", "flatten_graph"],
    });
    let searched = json!({ "type": "custom", "tokenizer": "whitespace", "filter": ["lowercase"] });
    BTreeMap::from([
        (
            "analyzer",
            BTreeMap::from([(ANALYZER.to_owned(), indexed), (SEARCH_ANALYZER.to_owned(), searched)]),
        ),
        ("filter", BTreeMap::from([(ANALYZER.to_owned(), parted)])),
    ])
}
