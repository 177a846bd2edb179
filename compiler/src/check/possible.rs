//! The values that a column can still have after some tests: never fewer than it really can.

use super::point::{Point, point};
use crate::condition::{Literal, Test};
use crate::pg_type::{BaseType, PgType};

/// An end of a range: the value, and whether it is a part of the range.
type End = (Point, bool);

/// What a column can still be.
#[derive(Clone, Debug)]
pub(super) struct Possible {
    pg_type: Option<PgType>,
    /// Whether it can be null.
    null: bool,
    /// Whether it can be a value at all.
    value: bool,
    low: Option<End>,
    high: Option<End>,
    /// The only values, where they can be counted.
    only: Option<Vec<Point>>,
    excluded: Vec<Point>,
}

impl Possible {
    /// Whatever a column of this type can be.
    pub(super) fn of(pg_type: &PgType, nullable: bool) -> Self {
        let mut possible = Self { null: nullable, ..Self::anything() };
        if pg_type.array {
            return possible;
        }
        possible.pg_type = Some(pg_type.clone());
        let whole = |low: i64, high: i64| Some([low, high].map(|end| (Point::Whole(end.into()), true)));
        let ends = match &pg_type.base {
            BaseType::Smallint => whole(i16::MIN.into(), i16::MAX.into()),
            BaseType::Integer => whole(i32::MIN.into(), i32::MAX.into()),
            BaseType::BigInt => whole(i64::MIN, i64::MAX),
            BaseType::Oid => whole(0, u32::MAX.into()),
            BaseType::Boolean => whole(0, 1),
            BaseType::Enum { labels, .. } => {
                whole(0, i64::try_from(labels.len()).unwrap_or(i64::MAX).saturating_sub(1))
            }
            _ => None,
        };
        if let Some([low, high]) = ends {
            (possible.low, possible.high) = (Some(low), Some(high));
        }
        possible
    }

    /// Every value of every type: the start before any test is known.
    pub(super) fn anything() -> Self {
        Self {
            pg_type: None,
            null: true,
            value: true,
            low: None,
            high: None,
            only: None,
            excluded: Vec::new(),
        }
    }

    /// Keeps what passes a test.
    pub(super) fn keep(&mut self, test: &Test) {
        match test {
            Test::Null => self.value = false,
            Test::NotEqual(value) => self.exclude(std::slice::from_ref(value)),
            Test::NotIn(values) => self.exclude(values),
            _ => self.null = false,
        }
        match test {
            Test::Compare("=", value) => self.keep_only(std::slice::from_ref(value)),
            Test::In(values) => self.keep_only(values),
            Test::Compare(operator, value) => self.keep_side(operator, value),
            Test::Between(low, high) => {
                self.keep_side(">=", low);
                self.keep_side("<=", high);
            }
            _ => {}
        }
    }

    /// Keeps what does not pass a test: its exact complement, which takes in null.
    pub(super) fn keep_others(&mut self, test: &Test) {
        match test {
            Test::Null => self.keep(&Test::NotNull),
            Test::NotNull => self.keep(&Test::Null),
            Test::NotEqual(value) => self.keep(&Test::Compare("=", value.clone())),
            Test::NotIn(values) => self.keep(&Test::In(values.clone())),
            Test::Compare("=", value) => self.exclude(std::slice::from_ref(value)),
            Test::In(values) => self.exclude(values),
            Test::Compare(operator, value) => {
                let turned = match *operator {
                    "<" => ">=",
                    "<=" => ">",
                    ">" => "<=",
                    ">=" => "<",
                    _ => return,
                };
                self.keep_side(turned, value);
            }
            _ => {}
        }
    }

    /// Whether nothing is left. Where a value cannot be judged, something is.
    pub(super) fn is_empty(&self) -> bool {
        !(self.null || self.value && self.has_value())
    }

    fn point(&self, literal: &Literal) -> Option<Point> {
        self.pg_type.as_ref().and_then(|pg_type| point(literal, pg_type))
    }

    fn points(&self, literals: &[Literal]) -> Option<Vec<Point>> {
        literals.iter().map(|literal| self.point(literal)).collect()
    }

    fn keep_only(&mut self, literals: &[Literal]) {
        let Some(points) = self.points(literals) else { return };
        self.only = Some(match self.only.take() {
            Some(only) => only.into_iter().filter(|point| points.contains(point)).collect(),
            None => points,
        });
    }

    fn exclude(&mut self, literals: &[Literal]) {
        self.excluded.extend(literals.iter().filter_map(|literal| self.point(literal)).collect::<Vec<_>>());
    }

    fn keep_side(&mut self, operator: &str, literal: &Literal) {
        let Some(point) = self.point(literal) else { return };
        let is_part = operator.ends_with('=');
        match operator {
            ">" | ">=" => tighten(&mut self.low, (point, is_part), |new, old| new > old),
            "<" | "<=" => tighten(&mut self.high, (point, is_part), |new, old| new < old),
            _ => {}
        }
    }

    fn has_value(&self) -> bool {
        if let Some(only) = &self.only {
            return only.iter().any(|point| self.is_within(point) && !self.excluded.contains(point));
        }
        let (Some((low, low_is_part)), Some((high, high_is_part))) = (&self.low, &self.high) else {
            return true;
        };
        if let (Some(low), Some(high)) = (low.whole(), high.whole()) {
            let first = if *low_is_part { low } else { low.saturating_add(1) };
            let last = if *high_is_part { high } else { high.saturating_sub(1) };
            return self.has_whole(first, last);
        }
        match low.partial_cmp(high) {
            Some(std::cmp::Ordering::Greater) => false,
            Some(std::cmp::Ordering::Equal) => *low_is_part && *high_is_part && !self.excluded.contains(low),
            _ => true,
        }
    }

    /// Whether a whole number from `first` to `last` is not excluded.
    fn has_whole(&self, first: i128, last: i128) -> bool {
        let enough = i128::try_from(self.excluded.len()).unwrap_or(i128::MAX);
        let last = last.min(first.saturating_add(enough));
        (first..=last).any(|each| !self.excluded.contains(&Point::Whole(each)))
    }

    fn is_within(&self, point: &Point) -> bool {
        let above = self.low.as_ref().is_none_or(|(low, is_part)| point > low || (*is_part && point == low));
        let below =
            self.high.as_ref().is_none_or(|(high, is_part)| point < high || (*is_part && point == high));
        (above && below) || point.is_unordered()
    }
}

/// Moves an end inwards: to a nearer value, or to the same one without itself.
fn tighten(end: &mut Option<End>, new: End, is_nearer: fn(&Point, &Point) -> bool) {
    match end {
        Some((old, is_part)) if *old == new.0 => *is_part &= new.1,
        Some((old, _)) if !is_nearer(&new.0, old) => {}
        _ => *end = Some(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    fn left(pg_type: &str, nullable: bool, tests: &[Test]) -> Possible {
        let mut possible = Possible::of(&PgType::of_text(pg_type, &Enums::new()), nullable);
        tests.iter().for_each(|test| possible.keep(test));
        possible
    }

    fn number(digits: &str) -> Literal {
        Literal::Number(digits.to_owned())
    }

    fn text(value: &str) -> Literal {
        Literal::Text(value.to_owned())
    }

    #[test]
    fn what_no_value_passes_is_empty() {
        let compare = |operator, value: Literal| Test::Compare(operator, value);
        for (pg_type, tests) in [
            ("integer", vec![compare(">", number("5")), compare("<", number("3"))]),
            ("integer", vec![compare(">", number("5")), compare("<", number("6"))]),
            ("integer", vec![Test::Between(number("9"), number("1"))]),
            ("integer", vec![compare("=", number("1")), compare("=", number("2"))]),
            ("integer", vec![compare("=", number("1")), Test::NotEqual(number("1"))]),
            ("integer", vec![compare("=", number("7")), compare("<", number("7"))]),
            ("integer", vec![Test::Null]),
            ("smallint", vec![compare("=", number("40000"))]),
            ("numeric(12,2)", vec![compare(">=", number("1.50")), compare("<", number("1.5"))]),
            ("double precision", vec![compare(">", text("1e3")), compare("<", text("1000"))]),
            ("boolean", vec![Test::NotIn(vec![Literal::Boolean(true), Literal::Boolean(false)])]),
            ("date", vec![compare(">", text("2024-02-28")), compare("<", text("2024-02-29"))]),
            (
                "timestamp with time zone",
                vec![
                    compare(">=", text("2024-01-01T00:00:00Z")),
                    compare("<", text("2024-01-01 01:00:00+01")),
                ],
            ),
            ("text", vec![compare("=", text("a")), Test::In(vec![text("b"), text("c")])]),
            ("uuid", vec![compare("=", text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")), Test::Null]),
        ] {
            assert!(left(pg_type, false, &tests).is_empty(), "{pg_type}: {tests:?}");
        }
    }

    #[test]
    fn what_some_value_passes_is_not() {
        let compare = |operator, value: Literal| Test::Compare(operator, value);
        for (pg_type, tests) in [
            ("integer", vec![compare(">", number("5")), compare("<", number("7"))]),
            ("numeric", vec![compare(">", number("5")), compare("<", number("6"))]),
            ("integer", vec![Test::Between(number("9"), number("9"))]),
            ("real", vec![compare("=", text("0.1")), compare(">=", text("0.1"))]),
            ("date", vec![compare(">", text("2024-02-28")), compare("<", text("2024-03-01"))]),
            ("date", vec![compare("<=", text("infinity")), compare(">", text("9999-12-31"))]),
            ("text", vec![compare(">", text("b")), compare("<", text("a"))]),
            ("citext", vec![compare("=", text("a")), compare("=", text("A"))]),
            ("integer", vec![Test::NotIn(vec![number("1"), number("2")])]),
        ] {
            assert!(!left(pg_type, false, &tests).is_empty(), "{pg_type}: {tests:?}");
        }
        assert!(!left("integer", true, &[Test::Null]).is_empty());
    }

    #[test]
    fn the_complement_of_a_test_takes_in_null() {
        let mut possible = left("integer", true, &[Test::Compare("=", number("5"))]);
        possible.keep_others(&Test::Compare("=", number("5")));
        assert!(possible.is_empty());
        let mut possible = left("integer", true, &[Test::Compare(">", number("5"))]);
        possible.keep_others(&Test::Compare(">=", number("0")));
        assert!(possible.is_empty());
        let mut possible = left("integer", true, &[]);
        possible.keep_others(&Test::Compare(">=", number("0")));
        possible.keep(&Test::Null);
        assert!(!possible.is_empty());
    }
}
