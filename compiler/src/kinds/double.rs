//! `double`: numbers that may be rounded to some 15 digits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// `double`
#[derive(Debug)]
pub(super) struct Double;

impl Kind for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn docs(&self) -> &'static str {
        "Numbers of about 15 digits, for measures and averages.\n\nNaN and infinities print `null`. Search and sort round to 53 bits; the document keeps what Postgres prints.\n\nExample: `weight: { kind: double, column: weight_kg }`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Smallint | BaseType::Integer | BaseType::Real | BaseType::Double => Acceptance::Exact,
            BaseType::BigInt => Acceptance::Lossy("integers beyond 2^53 are rounded in search".to_owned()),
            BaseType::Numeric(Some(shape)) if shape.precision <= 15 => Acceptance::Exact,
            BaseType::Numeric(_) => {
                Acceptance::Lossy("digits beyond the fifteenth are rounded in search".to_owned())
            }
            BaseType::Money => {
                never("the text of `money` depends on a locale", "`{ kind: decimal, scale: 2 }`")
            }
            _ => never("the value is no number", "`keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("double")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
