//! `short`: whole numbers of at most two bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, accept_integer, mapping_of, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::PgType;

/// `short`
#[derive(Debug)]
pub(super) struct Short;

impl Kind for Short {
    fn name(&self) -> &'static str {
        "short"
    }

    fn docs(&self) -> &'static str {
        "Whole numbers from -32768 to 32767.\n\nOver `smallint` and `numeric(4,0)`.\n\nExample: `loyalty: short`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_integer("short", pg_type, 2, 4)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("short")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
