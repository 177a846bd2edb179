//! A literal as a value that can be compared with others of its column's type.

use std::cmp::Ordering;

use crate::calendar::days;
use crate::condition::Literal;
use crate::pg_type::{BaseType, PgType};

/// A value of a type; two of different forms are neither equal nor ordered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Point {
    /// Whole numbers, days, microseconds, ranks of labels.
    Whole(i128),
    /// Digits of any precision.
    Decimal(DecimalNumber),
    /// A binary number, with its rounding.
    Float(f64),
    /// A text, which can only be compared for equality here.
    Text(String),
}

/// A decimal number without needless zeros: its sign, the digits before the point and those after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DecimalNumber {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Point {
    /// The number, where nothing lies between one and the next.
    pub(super) fn whole(&self) -> Option<i128> {
        match self {
            Self::Whole(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether it cannot be said to lie before or after another.
    pub(super) fn is_unordered(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(other)),
            (Self::Decimal(one), Self::Decimal(other)) => Some(one.cmp(other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other),
            _ => None,
        }
    }
}

impl PartialOrd for DecimalNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DecimalNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let whole = (self.whole.len(), &self.whole).cmp(&(other.whole.len(), &other.whole));
            whole.then_with(|| self.fraction.cmp(&other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

/// Most places that an exponent may move the point, so that a few bytes never become megabytes.
const EXPONENT_MAX: usize = 400;

impl DecimalNumber {
    /// Reads digits with an optional sign, point and exponent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let moved = usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= EXPONENT_MAX)?;
        let (digits, point) = if exponent < 0 {
            (format!("{}{digits}", "0".repeat(moved)), whole.len())
        } else {
            (format!("{digits}{}", "0".repeat(moved)), whole.len() + moved)
        };
        let (whole, fraction) = digits.split_at(point);
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !is_zero, whole: whole.to_owned(), fraction: fraction.to_owned() })
    }

    /// Digits before and after the point.
    pub(super) fn digits(&self) -> (usize, usize) {
        (self.whole.len(), self.fraction.len())
    }
}

/// The value of a literal that is compared with a column of this type; none where equality or order is
/// not known here.
pub(super) fn point(literal: &Literal, pg_type: &PgType) -> Option<Point> {
    use BaseType as B;
    let text = match literal {
        Literal::Boolean(value) => return Some(Point::Whole((*value).into())),
        Literal::Array(..) | Literal::Typed(..) => return None,
        Literal::Number(text) | Literal::Text(text) => text.as_str(),
    };
    match &pg_type.base {
        B::Smallint | B::Integer | B::BigInt | B::Oid => text.parse().ok().map(Point::Whole),
        B::Numeric(_) => DecimalNumber::parse(text).map(Point::Decimal),
        B::Real => text.parse::<f32>().ok().map(|value| Point::Float(value.into())),
        B::Double => text.parse().ok().map(Point::Float),
        B::Enum { labels, .. } => {
            let rank = labels.iter().position(|label| label == text)?;
            i128::try_from(rank).ok().map(Point::Whole)
        }
        B::Uuid => u128::from_str_radix(&text.replace('-', ""), 16)
            .ok()
            .map(|value| Point::Text(format!("{value:032x}"))),
        B::Date => day(text).map(Point::Whole),
        B::Timestamp | B::TimestampTz => moment(text).map(Point::Whole),
        B::Text | B::Varchar(_) | B::Name if pg_type.collation_deterministic => {
            Some(Point::Text(text.to_owned()))
        }
        B::Char if pg_type.collation_deterministic => {
            Some(Point::Text(text.trim_end_matches(' ').to_owned()))
        }
        _ => None,
    }
}

/// Beyond every date and moment.
const INFINITY: i128 = i128::MAX / 4;

fn infinity(text: &str) -> Option<i128> {
    match text {
        "infinity" => Some(INFINITY),
        "-infinity" => Some(-INFINITY),
        _ => None,
    }
}

fn day(text: &str) -> Option<i128> {
    infinity(text).or_else(|| days(text).map(i128::from))
}

/// Microseconds; a moment without an offset counts as one of the pinned session's UTC.
fn moment(text: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000;
    if let Some(end) = infinity(text) {
        return Some(end);
    }
    let Some((date, time)) = text.split_once(['T', ' ']) else {
        return Some(i128::from(days(text)?) * 86_400 * SECOND);
    };
    let time = time.strip_suffix('Z').unwrap_or(time);
    let (clock, offset) = match time.rfind(['+', '-']) {
        Some(at) => (&time[..at], clock(&time[at + 1..])? * if time[at..].starts_with('-') { -1 } else { 1 }),
        None => (time, 0),
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    if fraction.len() > 6 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i128 = format!("{fraction:0<6}").parse().ok()?;
    Some((i128::from(days(date)?) * 86_400 + self::clock(whole)? - offset) * SECOND + micros)
}

/// Seconds of `12:34:56`, `12:34` or `12`.
fn clock(text: &str) -> Option<i128> {
    let parts: Vec<i128> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours] => Some(hours * 3600),
        [hours, minutes] => Some(hours * 3600 + minutes * 60),
        [hours, minutes, seconds] => Some(hours * 3600 + minutes * 60 + seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_by_value() {
        let order =
            |one, other| DecimalNumber::parse(one).zip(DecimalNumber::parse(other)).map(|(a, b)| a.cmp(&b));
        for (one, other, expected) in [
            ("1.50", "1.5", Ordering::Equal),
            ("-0.0", "0", Ordering::Equal),
            ("1e3", "1000", Ordering::Equal),
            ("15e-1", "1.5", Ordering::Equal),
            ("9", "10", Ordering::Less),
            ("-9", "-10", Ordering::Greater),
            ("0.09", "0.1", Ordering::Less),
            ("-1", "0.5", Ordering::Less),
        ] {
            assert_eq!(order(one, other), Some(expected), "{one} {other}");
        }
        assert_eq!(DecimalNumber::parse("1e400000000"), None);
        assert_eq!(DecimalNumber::parse("."), None);
    }

    #[test]
    fn moments_are_compared_in_utc() {
        assert_eq!(moment("2024-01-01T01:00:00+01"), moment("2024-01-01 00:00:00Z"));
        assert_eq!(moment("2024-01-01"), moment("2024-01-01T00:00:00.000000Z"));
        assert!(moment("2024-01-01T00:00:00.1Z") > moment("2024-01-01T00:00:00.000001Z"));
        assert!(moment("-infinity") < moment("0001-01-01"));
    }
}
