//! `decimal`: exact numbers with a fixed number of decimals.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number, whole_digits};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::grammar::Value::Whole;
use crate::grammar::{Key, key};
use crate::pg_type::{BaseType, NumericShape, PgType};

/// The kind `decimal`: a `scaled_float`.
#[derive(Debug)]
pub(super) struct Decimal;

/// Most digits that a double, which the index computes with, keeps.
const EXACT_DIGITS_MAX: u32 = 15;

/// Most digits that the index's 64 bits hold; a longer number saturates without a word.
const STORED_DIGITS_MAX: u32 = 18;

impl Kind for Decimal {
    fn name(&self) -> &'static str {
        "decimal"
    }

    fn docs(&self) -> &'static str {
        "Exact numbers with a fixed number of decimals, such as prices.\n\n\
         `scale` defaults to the column's; a `numeric` without one needs it written. The document keeps the \
         number as Postgres prints it; NaN and infinities print `null`.\n\n\
         Example: `price: decimal`, `{ kind: decimal, scale: 2 }`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["numeric", "scaled_float", "money"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Numeric(Some(_)))
    }

    fn own_keys(&self) -> &'static [Key] {
        const {
            &[key(
                "scale",
                Whole(0, STORED_DIGITS_MAX as u64),
                "Digits after the point that can be searched.",
            )
            .default("the column's own")]
        }
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance {
        let written = written_scale(parameters);
        match &pg_type.base {
            BaseType::Numeric(Some(shape)) => accept_numeric(*shape, written),
            BaseType::Smallint => accept_whole(5, written),
            BaseType::Integer => accept_whole(10, written),
            BaseType::BigInt => accept_whole(STORED_DIGITS_MAX, written),
            BaseType::Numeric(None) | BaseType::Real | BaseType::Double | BaseType::Money
                if written.is_none() =>
            {
                Acceptance::NeedsKey {
                    key: "scale",
                    why: format!("`{pg_type}` does not say how many decimals can be searched"),
                }
            }
            BaseType::Numeric(None) => {
                Acceptance::Lossy("decimals beyond the scale are rounded in search".to_owned())
            }
            BaseType::Real | BaseType::Double => {
                Acceptance::Lossy("a binary float has no exact decimal digits".to_owned())
            }
            BaseType::Money => Acceptance::Lossy("the text of `money` depends on a locale".to_owned()),
            _ => never("expected a number", "`keyword`"),
        }
    }

    fn complete(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let mut completed = parameters.clone();
        completed.entry("scale".to_owned()).or_insert_with(|| column_scale(pg_type).into());
        completed
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        let scale = written_scale(field.parameters).unwrap_or_else(|| column_scale(field.pg_type));
        let mut mapping = mapping_of("scaled_float");
        mapping.parameters.insert("scaling_factor".to_owned(), 10_u64.saturating_pow(scale).into());
        mapping
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}

fn written_scale(parameters: &BTreeMap<String, Value>) -> Option<u32> {
    parameters.get("scale").and_then(Value::as_u64).and_then(|scale| u32::try_from(scale).ok())
}

fn column_scale(pg_type: &PgType) -> u32 {
    match pg_type.base {
        BaseType::Numeric(Some(shape)) => u32::try_from(shape.scale).unwrap_or(0),
        _ => 0,
    }
}

fn accept_whole(digits: u32, written: Option<u32>) -> Acceptance {
    accept_numeric(NumericShape { precision: digits, scale: 0 }, written)
}

fn accept_numeric(shape: NumericShape, written: Option<u32>) -> Acceptance {
    let own = u32::try_from(shape.scale).unwrap_or(0);
    let scale = written.unwrap_or(own);
    let digits = whole_digits(shape) + scale;
    if digits > STORED_DIGITS_MAX {
        return never("a number of more than 18 digits would be clamped silently", "`keyword`");
    }
    if scale < own {
        return Acceptance::Lossy("decimals beyond the scale are rounded in search".to_owned());
    }
    if digits > EXACT_DIGITS_MAX {
        return Acceptance::Lossy("digits beyond the fifteenth are rounded in search".to_owned());
    }
    Acceptance::Exact
}
