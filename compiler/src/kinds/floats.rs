//! `half_float`, `float` and `double`: numbers that may be rounded, to some 3, 7 and 15 digits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// One size of rounded numbers.
#[derive(Debug)]
pub(super) struct Float {
    name: &'static str,
    aliases: &'static [&'static str],
    docs: &'static str,
    /// What is lost of a number of this type; none: nothing.
    lost: fn(&BaseType) -> Option<&'static str>,
    /// The Postgres type that `auto` takes for it.
    auto: &'static [BaseType],
}

pub(super) static HALF_FLOAT: Float = Float {
    name: "half_float",
    aliases: &["float2", "half"],
    docs: "Numbers of about 3 digits up to 65504, for scores.\n\nNaN and infinities print `null`; a larger number is refused by the index.\n\nExample: `score: half_float`",
    lost: |_| Some("numbers are rounded to 11 bits and refused beyond 65504"),
    auto: &[],
};

pub(super) static FLOAT: Float = Float {
    name: "float",
    aliases: &["real", "float4"],
    docs: "Numbers of about 7 digits in half the space of `double`.\n\nNaN and infinities print `null`.\n\nExample: `discount: float`",
    lost: |base| match base {
        BaseType::Smallint | BaseType::Real => None,
        BaseType::Integer | BaseType::BigInt => Some("integers beyond 2^24 are rounded in search"),
        _ => Some("digits beyond the seventh are rounded in search"),
    },
    auto: &[BaseType::Real],
};

pub(super) static DOUBLE: Float = Float {
    name: "double",
    aliases: &["double precision", "float8"],
    docs: "Numbers of about 15 digits, for measures and averages.\n\nNaN and infinities print `null`. Search and sort round to 53 bits; the document keeps what Postgres prints.\n\nExample: `weight: { kind: double, column: weight_kg }`",
    lost: |base| match base {
        BaseType::BigInt => Some("integers beyond 2^53 are rounded in search"),
        BaseType::Numeric(shape) if shape.is_none_or(|shape| shape.precision > 15) => {
            Some("digits beyond the fifteenth are rounded in search")
        }
        _ => None,
    },
    auto: &[BaseType::Double],
};

impl Kind for Float {
    fn name(&self) -> &'static str {
        self.name
    }

    fn docs(&self) -> &'static str {
        self.docs
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        self.auto.contains(base)
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            base @ (BaseType::Smallint
            | BaseType::Integer
            | BaseType::BigInt
            | BaseType::Real
            | BaseType::Double
            | BaseType::Numeric(_)) => match (self.lost)(base) {
                Some(lost) => Acceptance::Lossy(lost.to_owned()),
                None => Acceptance::Exact,
            },
            BaseType::Money => {
                never("the text of `money` depends on a locale", "`{ kind: decimal, scale: 2 }`")
            }
            _ => never("expected a number", "`keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of(self.name)
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}
