//! `long`: whole numbers of at most eight bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, accept_integer, mapping_of, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::PgType;

/// `long`
#[derive(Debug)]
pub(super) struct Long;

impl Kind for Long {
    fn name(&self) -> &'static str {
        "long"
    }

    fn docs(&self) -> &'static str {
        "Whole numbers of up to 64 bits with a sign.\n\nReaders that hold numbers as doubles, as JavaScript does, round beyond 2^53.\n\nExample: `id: long`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        accept_integer("long", pg_type, 8, 18)
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("long")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
