//! `timestamp`: instants, with or without a zone.

use std::collections::BTreeMap;

use flusso_schemas::name::quote_literal;
use serde_json::Value;

use super::common::{DATE_OPTIONS, mapping_of, never};
use super::date::day;
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::grammar::Value::{TimeZone, Word};
use crate::grammar::{Key, key};
use crate::pg_type::{BaseType, PgType};

/// The kind `timestamp`: a point in time.
#[derive(Debug)]
pub(super) struct Timestamp;

/// What follows the day, as `to_char` spells it.
const TIME: &str = "\"T\"HH24:MI:SS.US";

impl Kind for Timestamp {
    fn name(&self) -> &'static str {
        "timestamp"
    }

    fn docs(&self) -> &'static str {
        "Instants in ISO 8601, with `Z` where the column has a zone.\n\n\
         Sort and range see milliseconds unless `precision: micros`; a column without a zone is taken as it \
         is unless `zone` names one. Infinite timestamps print `null`, and with `zone` also those within two days \
         of the first and the last that Postgres has.\n\n\
         Example: `placed_at: timestamp`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["datetime", "date_time", "timestamptz", "time_stamp", "date_nanos", "instant"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Timestamp | BaseType::TimestampTz)
    }

    fn printed(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> usize {
        match pg_type.base {
            BaseType::Timestamp if !parameters.contains_key("zone") => 1,
            BaseType::Timestamp | BaseType::TimestampTz => 2,
            _ => 0,
        }
    }

    fn own_keys(&self) -> &'static [Key] {
        const {
            &[
                key("precision", Word(&["millis", "micros"], &[]), "What sort and range see.")
                    .default("millis"),
                key("zone", TimeZone, "The time zone that a timestamp without one is in."),
            ]
        }
    }

    fn options(&self) -> &'static [&'static str] {
        DATE_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Date | BaseType::TimestampTz if parameters.contains_key("zone") => {
                never("`zone` applies only to timestamps without a time zone", "the field without `zone`")
            }
            BaseType::Date | BaseType::Timestamp | BaseType::TimestampTz => Acceptance::Exact,
            BaseType::Time | BaseType::TimeTz => never("a time of day has no date", "`time`"),
            base if base.is_integer() => never(
                "expected a timestamp, found a number",
                "an expression: `sql: \"to_timestamp(ms / 1000.0)\"`",
            ),
            _ => {
                never("expected a timestamp", "`keyword`, or an expression such as `sql: \"x::timestamptz\"`")
            }
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        let micros = field.parameters.get("precision").is_some_and(|precision| precision == "micros");
        mapping_of(if micros { "date_nanos" } else { "date" })
    }

    fn render(&self, expression: &str, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Rendered {
        let zone = parameters.get("zone").and_then(Value::as_str);
        match (&pg_type.base, zone) {
            (BaseType::Date, _) => day(expression),
            (BaseType::Timestamp, Some(zone)) => instant(&in_zone(expression, zone), "Z"),
            (BaseType::Timestamp, None) => instant(expression, ""),
            _ => instant(expression, "Z"),
        }
    }
}

/// The moment that a timestamp is in a zone. Within two days of the ends of what a timestamp can be, its
/// moment may lie outside, which is an error in Postgres; here it has no value.
fn in_zone(x: &str, zone: &str) -> String {
    format!(
        "(case when {x} between '4714-11-26 BC' and '294276-12-29' then {x} at time zone {} end)",
        quote_literal(zone)
    )
}

/// An instant in the three forms that the index takes, `null` where it is infinite.
///
/// `zone` is `Z` where the type has a zone. Years outside 1 to 9999 are spelled by hand: what Postgres prints
/// for them the index refuses.
fn instant(x: &str, zone: &str) -> Rendered {
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
             || to_char({x}, '-MM-DD{TIME}{zone}') || '\"'\n  \
           else 'null' end"
    ))
}
