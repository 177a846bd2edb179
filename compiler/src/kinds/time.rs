//! `time`: times of day.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{KEYWORD_OPTIONS, mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `time`: a time of day.
#[derive(Debug)]
pub(super) struct Time;

impl Kind for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn docs(&self) -> &'static str {
        "Times of day as text of one width, so that they sort.\n\nExample: `opens_at: time`"
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Time)
    }

    fn options(&self) -> &'static [&'static str] {
        KEYWORD_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Time => Acceptance::Exact,
            BaseType::TimeTz => never("a time with a zone has no order without its day", "an expression"),
            _ => never("expected a time of day", "`timestamp` or `keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("keyword")
    }

    fn render(&self, expression: &str, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(format!("to_json(to_char({expression}, 'HH24:MI:SS.US'))"))
    }
}
