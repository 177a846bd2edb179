//! `byte`: whole numbers of at most one byte.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, accept_integer, mapping_of, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::PgType;

/// `byte`
#[derive(Debug)]
pub(super) struct Byte;

impl Kind for Byte {
    fn name(&self) -> &'static str {
        "byte"
    }

    fn docs(&self) -> &'static str {
        "Whole numbers from -128 to 127.\n\nOver `numeric(2,0)`; a wider column would lose documents.\n\nExample: `{ kind: byte, sql: \"stars::numeric(2,0)\" }`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_integer("byte", pg_type, 1, 2)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("byte")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
