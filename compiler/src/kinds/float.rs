//! `float`: numbers that may be rounded to some 7 digits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// `float`
#[derive(Debug)]
pub(super) struct Float;

impl Kind for Float {
    fn name(&self) -> &'static str {
        "float"
    }

    fn docs(&self) -> &'static str {
        "Numbers of about 7 digits in half the room of `double`.\n\nNaN and infinities print `null`.\n\nExample: `discount: float`"
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Smallint | BaseType::Real => Acceptance::Exact,
            BaseType::Integer | BaseType::BigInt => {
                Acceptance::Lossy("integers beyond 2^24 are rounded in search".to_owned())
            }
            BaseType::Numeric(_) | BaseType::Double => {
                Acceptance::Lossy("digits beyond the seventh are rounded in search".to_owned())
            }
            BaseType::Money => {
                never("the text of `money` depends on a locale", "`{ kind: decimal, scale: 2 }`")
            }
            _ => never("the value is no number", "`keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("float")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
