//! `interval`: spans of time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{KEYWORD_OPTIONS, NUMBER_OPTIONS, mapping_of, never, number};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::grammar::Value::Word;
use crate::grammar::{Key, key};
use crate::pg_type::{BaseType, Enums, PgType};

/// The kind `interval`: a span of time.
#[derive(Debug)]
pub(super) struct Interval;

fn in_seconds(parameters: &BTreeMap<String, Value>) -> bool {
    parameters.get("as").is_some_and(|form| form == "seconds")
}

impl Kind for Interval {
    fn name(&self) -> &'static str {
        "interval"
    }

    fn docs(&self) -> &'static str {
        "Spans of time in ISO 8601, such as `P1M2DT3H4M5.678S`.\n\n\
         `as: seconds` makes numbers of them that can be compared; a month counts as 30 days then.\n\n\
         Example: `warranty: { kind: interval, as: seconds }`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["duration", "timespan"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Interval)
    }

    fn own_keys(&self) -> &'static [Key] {
        const {
            &[key("as", Word(&["iso", "seconds"], &[]), "Text in ISO 8601, or a number of seconds.")
                .default("iso")]
        }
    }

    fn options(&self) -> &'static [&'static str] {
        KEYWORD_OPTIONS
    }

    fn options_with(&self, parameters: &BTreeMap<String, Value>) -> &'static [&'static str] {
        if in_seconds(parameters) { NUMBER_OPTIONS } else { KEYWORD_OPTIONS }
    }

    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Interval if in_seconds(parameters) => {
                Acceptance::Lossy("months and years are counted as days".to_owned())
            }
            BaseType::Interval => Acceptance::Exact,
            _ => never("expected an interval", "`long`, `time` or `keyword`"),
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        mapping_of(if in_seconds(field.parameters) { "double" } else { "keyword" })
    }

    fn render(&self, expression: &str, _pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Rendered {
        if in_seconds(parameters) {
            let seconds = format!("extract(epoch from {expression})");
            return number(&seconds, &PgType::of_text("numeric", &Enums::new()));
        }
        Rendered::Text(format!("to_json({expression}::text)"))
    }
}
