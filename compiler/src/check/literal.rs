//! Values in conditions, typed against the column they are compared with.

use super::Checker;
use crate::calendar;
use crate::condition::Literal;
use crate::diagnostic::{Diagnostic, Place};
use crate::pg_type::{BaseType, PgType};
use crate::syntax::tree::{Content, Node, YamlScalar};
use flusso_lints::filter_type_mismatch::Column;
use flusso_lints::{enum_value_unknown, missing_value};
use flusso_schemas::name::NAME_BYTES_MAX;

/// The column that a constant is compared with.
#[derive(Clone, Debug)]
pub(super) struct ExpectedType {
    /// The type that the constant must have.
    pub(super) pg_type: PgType,
    /// The column's name as the file writes it, for messages.
    pub(super) column: String,
    /// A note that explains its type; may be empty.
    pub(super) note: String,
}

impl ExpectedType {
    /// It as a finding names it.
    pub(super) fn as_compared(&self) -> Column<'_> {
        Column { name: &self.column, pg_type: self.pg_type.to_string(), note: &self.note }
    }

    /// The same where any text is compared with it, as patterns are.
    pub(super) fn as_text(&self) -> Self {
        let pg_type = PgType::of_text("text", &crate::pg_type::Enums::new());
        Self { pg_type, ..self.clone() }
    }

    /// The same for one value that a range may contain; none where the type of its bounds is not known.
    pub(super) fn as_bound(&self) -> Option<Self> {
        let name = self.pg_type.element_name.as_ref()?;
        let pg_type = PgType::of_text(name, &crate::pg_type::Enums::new());
        Some(Self { pg_type, ..self.clone() })
    }

    /// The same where the server alone can say what fits.
    pub(super) fn as_opaque(&self) -> Self {
        let pg_type =
            PgType { base: BaseType::Other(self.pg_type.base_name.clone()), ..self.pg_type.clone() };
        Self { pg_type, ..self.clone() }
    }
}

/// What a type takes in a condition.
enum Class {
    Text,
    Labels(Vec<String>),
    Boolean,
    Whole,
    Number { quoted: bool },
    Uuid,
    Date,
    Timestamp { zone: bool },
    Opaque,
}

impl Checker<'_> {
    /// A value as SQL writes it, where it is of the type that is expected.
    pub(super) fn literal(&mut self, node: &Node, expected: &ExpectedType) -> Option<Literal> {
        let place = Place::new(self.file, node.span.clone());
        if node.is_missing() {
            self.push(missing_value::of_comparison(&expected.column, place));
            return None;
        }
        let class = class(&expected.pg_type);
        let (Some(scalar), Content::Scalar { text, .. }) = (node.scalar(), &node.content) else {
            return self.structured(node, &class, expected, place);
        };
        let found = match (&class, &scalar) {
            (Class::Boolean, YamlScalar::Boolean(value)) => Some(Literal::Boolean(*value)),
            (Class::Whole, YamlScalar::Integer(digits)) => Some(Literal::Number(digits.clone())),
            (Class::Number { quoted }, YamlScalar::Integer(digits)) => Some(number(digits, *quoted)),
            (Class::Number { quoted }, YamlScalar::Float(digits)) if is_finite(digits) => {
                Some(number(digits, *quoted))
            }
            (Class::Opaque, YamlScalar::Text(value)) if is_jsonb(expected) && !is_json(value) => {
                return self.no_json(value, expected, place);
            }
            (Class::Text, YamlScalar::Text(value)) if is_cut(value, &expected.pg_type) => {
                return self.cut(value, expected, place);
            }
            (Class::Opaque, YamlScalar::Text(value)) if expected.pg_type.base == BaseType::Composite => {
                // Postgres reads a row from text only where a cast names the type.
                Some(Literal::Text(value.clone()).typed(&expected.pg_type))
            }
            (Class::Text | Class::Opaque, YamlScalar::Text(value)) => Some(Literal::Text(value.clone())),
            (Class::Opaque, _) => Some(Literal::Text(text.clone())),
            (Class::Labels(labels), YamlScalar::Text(value)) => {
                return self.label(value, labels, expected, place);
            }
            (Class::Uuid, YamlScalar::Text(value)) if is_uuid(value) => {
                Some(Literal::Text(value.to_lowercase()))
            }
            (Class::Date, YamlScalar::Text(value)) if is_date(value) => Some(Literal::Text(value.clone())),
            (Class::Timestamp { zone }, YamlScalar::Text(value)) if is_timestamp(value) => {
                if *zone && !names_its_zone(value) {
                    return self.without_zone(value, expected, place);
                }
                if let (false, Some(local)) = (*zone, without_offset(value)) {
                    return self.with_zone(value, local, expected, place);
                }
                Some(Literal::Text(value.clone()))
            }
            _ => None,
        };
        if found.is_none() {
            self.push(mismatch(text, &scalar, &class, expected, place));
        }
        found
    }

    fn structured(
        &mut self,
        node: &Node,
        class: &Class,
        expected: &ExpectedType,
        place: Place,
    ) -> Option<Literal> {
        if matches!(class, Class::Opaque) && is_jsonb(expected) {
            return Some(Literal::Text(node.json().to_string()));
        }
        self.push(expected.as_compared().one_value(node.what(), place));
        None
    }

    fn no_json(&mut self, value: &str, expected: &ExpectedType, place: Place) -> Option<Literal> {
        let quoted = format!("'{}'", serde_json::Value::from(value).to_string().replace('\'', "''"));
        self.push(expected.as_compared().not_json(value, &quoted, place));
        None
    }

    fn label(
        &mut self,
        value: &str,
        labels: &[String],
        expected: &ExpectedType,
        place: Place,
    ) -> Option<Literal> {
        if labels.iter().any(|label| label == value) {
            return Some(Literal::Text(value.to_owned()));
        }
        let enum_type = expected.pg_type.to_string();
        self.push(enum_value_unknown::in_condition(&expected.column, value, &enum_type, labels, place));
        None
    }

    /// Postgres would cut it to what the type holds, and compare with that.
    fn cut(&mut self, value: &str, expected: &ExpectedType, place: Place) -> Option<Literal> {
        let bytes_max = longest(&expected.pg_type).unwrap_or_default();
        self.push(expected.as_compared().longer_than_type(value, bytes_max, place));
        None
    }

    /// Postgres would drop the offset, and compare with another moment than is meant.
    fn with_zone(
        &mut self,
        value: &str,
        local: &str,
        expected: &ExpectedType,
        place: Place,
    ) -> Option<Literal> {
        self.push(expected.as_compared().with_offset(value, local, place));
        None
    }

    fn without_zone(&mut self, value: &str, expected: &ExpectedType, place: Place) -> Option<Literal> {
        self.push(expected.as_compared().without_offset(value, place));
        None
    }
}

fn is_jsonb(expected: &ExpectedType) -> bool {
    expected.pg_type.base_name == "jsonb"
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn class(pg_type: &PgType) -> Class {
    use BaseType as B;
    match &pg_type.base {
        B::Enum { labels, .. } => Class::Labels(labels.clone()),
        base if base.is_text() => Class::Text,
        B::Boolean => Class::Boolean,
        B::Smallint | B::Integer | B::BigInt | B::Oid => Class::Whole,
        B::Numeric(_) => Class::Number { quoted: false },
        // A number without quotes is `numeric`, and `real = numeric` compares as double: 0.1 is not 0.1 there.
        B::Real | B::Double => Class::Number { quoted: true },
        B::Uuid => Class::Uuid,
        B::Date => Class::Date,
        B::Timestamp => Class::Timestamp { zone: false },
        B::TimestampTz => Class::Timestamp { zone: true },
        _ => Class::Opaque,
    }
}

fn number(digits: &str, quoted: bool) -> Literal {
    let digits = digits.to_owned();
    if quoted { Literal::Text(digits) } else { Literal::Number(digits) }
}

fn is_finite(digits: &str) -> bool {
    !digits.to_lowercase().contains(['n', 'f'])
}

fn mismatch(
    text: &str,
    scalar: &YamlScalar,
    class: &Class,
    expected: &ExpectedType,
    place: Place,
) -> Diagnostic {
    let column = expected.as_compared();
    match (class, scalar) {
        (Class::Text | Class::Labels(_), _) => column.unquoted_text(text, &valued(scalar), place),
        (Class::Boolean, _) => column.not_boolean(text, named(scalar), meant_boolean(text), place),
        (Class::Whole | Class::Number { .. }, YamlScalar::Text(inner))
            if inner.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            column.quoted_number(inner, place)
        }
        (Class::Whole, _) => column.not_a("an integer", text, "a whole number", place),
        (Class::Number { .. }, _) => column.not_a("a number", text, "a number", place),
        (Class::Uuid, _) => column.not_a("a UUID", text, "all 32 digits, with dashes", place),
        (Class::Date, _) => column.not_a("a date", text, "it as `2024-12-31`", place),
        (Class::Timestamp { zone: true }, _) => {
            column.not_a("a timestamp", text, "it as `2024-12-31T23:59:59Z`", place)
        }
        (Class::Timestamp { zone: false }, _) => {
            column.not_a("a timestamp", text, "it as `2024-12-31T23:59:59`", place)
        }
        (Class::Opaque, _) => column.unquoted(text, place),
    }
}

/// A scalar that was meant as text, with the value that YAML makes of it.
fn valued(scalar: &YamlScalar) -> String {
    match scalar {
        YamlScalar::Integer(value) => format!("the number {value}"),
        YamlScalar::Boolean(value) => format!("the boolean {value}"),
        other => named(other).to_owned(),
    }
}

fn named(scalar: &YamlScalar) -> &'static str {
    match scalar {
        YamlScalar::Integer(_) | YamlScalar::Float(_) => "a number",
        YamlScalar::Null => "no value",
        _ => "text",
    }
}

fn meant_boolean(text: &str) -> Option<&'static str> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "on" | "t" | "1" | "true" => Some("true"),
        "no" | "n" | "off" | "f" | "0" | "false" => Some("false"),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Words such as `now` and `yesterday`, which Postgres would accept, are rejected: their value changes.
fn is_date(text: &str) -> bool {
    matches!(text, "infinity" | "-infinity") || calendar::days(text).is_some()
}

fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', ' ']) else { return is_date(text) };
    is_date(date) && is_time(time)
}

/// `23:59`, `23:59:59.5`, each with an offset or `Z`, or without.
fn is_time(text: &str) -> bool {
    let (clock, offset) = text.split_at(text.find(['Z', '+', '-']).unwrap_or(text.len()));
    let clock = clock.trim_end();
    let within = |part: &str, most: f64| {
        part.len() >= 2
            && part.starts_with(|first: char| first.is_ascii_digit())
            && part.parse::<f64>().is_ok_and(|number| number <= most)
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let is_clock = match parts.as_slice() {
        [hour, minute] => within(hour, 24.0) && within(minute, 59.0),
        // Postgres accepts a leap second and carries it over.
        [hour, minute, second] => within(hour, 24.0) && within(minute, 59.0) && within(second, 60.0),
        _ => false,
    };
    is_clock && offset.bytes().all(|byte| byte.is_ascii_digit() || b":+-Z".contains(&byte))
}

/// A date alone is midnight under the pinned session's UTC; a time says its offset.
fn names_its_zone(text: &str) -> bool {
    !text.contains(['T', ' ']) || without_offset(text).is_some()
}

/// A date and time without the offset that it has; none where it has none.
fn without_offset(text: &str) -> Option<&str> {
    let time = text.find(['T', ' '])?;
    let offset = text[time..].find(['Z', '+', '-'])?;
    Some(text[..time + offset].trim_end())
}

/// Most bytes of a value, if Postgres silently truncates longer ones.
fn longest(pg_type: &PgType) -> Option<usize> {
    match pg_type.base {
        BaseType::InternalChar => Some(1),
        BaseType::Name => Some(NAME_BYTES_MAX),
        _ => None,
    }
}

fn is_cut(value: &str, pg_type: &PgType) -> bool {
    longest(pg_type).is_some_and(|most| value.len() > most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_out_and_say_their_zone() {
        for moment in ["2024-12-31", "2024-12-31T23:59:59Z", "2024-12-31 23:59:59.5+02:00", "infinity"] {
            assert!(is_timestamp(moment), "{moment}");
        }
        for word in [
            "now",
            "yesterday",
            "2024-13-01",
            "2024-02-30",
            "31.12.2024",
            "2024-12-31 noon",
            "2024-12-31T25:00:00Z",
            "2024-12-31 12:61",
        ] {
            assert!(!is_timestamp(word), "{word}");
        }
        assert!(names_its_zone("2024-12-31T00:00:00-05:00"));
        assert!(!names_its_zone("2024-12-31T00:00:00"));
    }
}
