//! `date`: days.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{DATE_OPTIONS, mapping_of, never};
use super::{Acceptance, Kind, Mapping, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// `date`
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

    fn options(&self) -> &'static [&'static str] {
        DATE_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Date => Acceptance::Exact,
            BaseType::Timestamp | BaseType::TimestampTz => Acceptance::Lossy("the time of day".to_owned()),
            _ => never("the value is no date", "`keyword`, or an expression such as `sql: \"to_date(…)\"`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> Mapping {
        mapping_of("date")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        match pg_type.base {
            BaseType::Date => instant(expression, "", ""),
            _ => instant(&format!("{expression}::date"), "", ""),
        }
    }
}

/// A date or an instant in the three forms that the index takes, `null` where it is infinite.
///
/// `time` is `to_char`'s format of what follows the day; `zone` is `Z` where the type has a zone. Years
/// outside 1 to 9999 are spelled by hand: what Postgres prints for them the index refuses.
pub(super) fn instant(x: &str, time: &str, zone: &str) -> Rendered {
    let near = match zone {
        "" => format!("to_json({x})::text"),
        _ => format!("replace(to_json({x})::text, '+00:00', '{zone}')"),
    };
    let zone = if zone.is_empty() { String::new() } else { format!("\"{zone}\"") };
    Rendered::Total(format!(
        "case\n  \
           when {x} >= '0001-01-01' and {x} < '10000-01-01' then {near}\n  \
           when isfinite({x}) then '\"' || case when {x} < '0001-01-01' then '' else '+' end\n    \
             || to_char(extract(year from {x}) + case when {x} < '0001-01-01' then 1 else 0 end, 'FMMI9999990000')\n    \
             || to_char({x}, '-MM-DD{time}{zone}') || '\"'\n  \
           else 'null' end"
    ))
}
