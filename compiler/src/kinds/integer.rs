//! `integer`: whole numbers of at most four bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, accept_integer, mapping_of, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::PgType;

/// `integer`
#[derive(Debug)]
pub(super) struct Integer;

impl Kind for Integer {
    fn name(&self) -> &'static str {
        "integer"
    }

    fn docs(&self) -> &'static str {
        "Whole numbers from -2147483648 to 2147483647.\n\nOver `integer`, `smallint` and `numeric(9,0)`.\n\nExample: `quantity: integer`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_integer("integer", pg_type, 4, 9)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("integer")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
