//! `half_float`: numbers that may be rounded to some 3 digits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// `half_float`
#[derive(Debug)]
pub(super) struct HalfFloat;

impl Kind for HalfFloat {
    fn name(&self) -> &'static str {
        "half_float"
    }

    fn docs(&self) -> &'static str {
        "Numbers of about 3 digits up to 65504, for scores.\n\nNaN and infinities print `null`; a larger number is refused by the index.\n\nExample: `score: half_float`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Smallint
            | BaseType::Integer
            | BaseType::BigInt
            | BaseType::Real
            | BaseType::Double
            | BaseType::Numeric(_) => {
                Acceptance::Lossy("numbers are rounded to 11 bits and refused beyond 65504".to_owned())
            }
            BaseType::Money => {
                never("the text of `money` depends on a locale", "`{ kind: decimal, scale: 2 }`")
            }
            _ => never("the value is no number", "`keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("half_float")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
