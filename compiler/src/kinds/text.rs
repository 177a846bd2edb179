//! `text`: words to be searched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{TEXT_OPTIONS, accept_text, keyword_subfield, mapping_of, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `text`: words to search for.
#[derive(Debug)]
pub(super) struct Text;

impl Kind for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn docs(&self) -> &'static str {
        "Words to be searched, analyzed.\n\nBrings a subfield `.keyword` with the whole value (up to 256 characters) for sorting.\n\nExample: `note: text`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["string", "str", "varchar", "char", "citext"]
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        base.is_text() && !matches!(base, BaseType::Enum { .. })
    }

    fn options(&self) -> &'static [&'static str] {
        TEXT_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_text("text", pg_type)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        FieldMapping { subfields: keyword_subfield(), ..mapping_of("text") }
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        text(expression, pg_type)
    }
}
