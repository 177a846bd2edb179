//! `date`: days without a time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{DATE_OPTIONS, mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `date`: days without a time.
#[derive(Debug)]
pub(super) struct Date;

impl Kind for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn docs(&self) -> &'static str {
        "Days in ISO 8601.\n\n\
         Infinite dates print `null`; years beyond 9999 have a sign, and years before Christ are counted \
         astronomically: 44 BC is `-0043`. Over a timestamp the time of day is lost.\n\n\
         Example: `released_on: date`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["day"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Date)
    }

    fn options(&self) -> &'static [&'static str] {
        DATE_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Date => Acceptance::Exact,
            BaseType::Timestamp | BaseType::TimestampTz => Acceptance::Lossy("the time of day".to_owned()),
            _ => never("expected a date", "`keyword`, or an expression such as `sql: \"to_date(…)\"`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("date")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        match pg_type.base {
            BaseType::Date => day(expression),
            _ => day(&format!("{expression}::date")),
        }
    }
}

/// A date in the three forms that the index takes, `null` where it is infinite.
///
/// `to_char` would go over a timestamp, which ends 5.5 million years before a date does. What Postgres prints
/// for years outside 1 to 9999 the index refuses: beyond it wants a sign, and before it an astronomical year
/// in place of `BC`.
pub(super) fn day(x: &str) -> Rendered {
    Rendered::Total(format!(
        "case\n  \
           when {x} >= '0001-01-01' and {x} < '10000-01-01' then to_json({x})::text\n  \
           when isfinite({x}) and {x} > '0001-01-01' then '\"+' || {x}::text || '\"'\n  \
           when isfinite({x}) then '\"' || to_char(extract(year from {x}) + 1, 'FMMI0000') || substr({x}::text, 5, 6) || '\"'\n  \
           else 'null' end"
    ))
}
