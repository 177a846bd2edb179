//! Constants that are read from the clock or by the order of day and month, seen in two plans of one
//! expression.
//!
//! Postgres reads `'today'::date` when it parses, so that the plan holds a plain date. Planned under two
//! clocks that never show the same day, such a constant differs; one with a zone is the same where either its
//! moment or its local time is.

use flusso_lints::sql_expression_unstable;

use crate::diagnostic::{Diagnostic, Place};

/// How two readings of one constant differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// A constant has another value.
    Constant,
    /// A text such as `now` is read as a time whenever a row is.
    ReadLater,
    /// A function of Postgres was planned as the clock or the session.
    Session,
}

impl Difference {
    pub(super) fn diagnostic(self, place: &Place) -> Diagnostic {
        match self {
            Self::Constant => sql_expression_unstable::constant(place.clone()),
            Self::ReadLater | Self::Session => sql_expression_unstable::clock(place.clone()),
        }
    }
}

/// Words of SQL that read the clock or the session, as a plan prints them.
const SESSION: &[&str] = &[
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "SESSION_USER",
    "USER",
];

/// Every word by which the input of dates and times reads the clock (`datetktbl` in the server's source).
const CLOCK_WORDS: &[&str] = &["now", "today", "tomorrow", "yesterday"];

/// What makes two plans of one expression differ in meaning, if anything does.
pub(super) fn difference(behind: &[String], ahead: &[String], is_immutable: bool) -> Option<Difference> {
    let (behind, ahead) = (behind.join("\n"), ahead.join("\n"));
    if !same(&parts(&behind), &parts(&ahead)) {
        return Some(Difference::Constant);
    }
    if is_immutable {
        return None;
    }
    let outside = outside_constants(&behind);
    let is_session = |word: &str| SESSION.contains(&word);
    if outside.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(is_session) {
        return Some(Difference::Session);
    }
    texts(&behind).any(reads_the_clock).then_some(Difference::ReadLater)
}

/// Whether a text, read as a time, is the clock's: `now`, `today 12:00`.
fn reads_the_clock(text: &str) -> bool {
    let is_clock = |word: &str| CLOCK_WORDS.iter().any(|clock| word.eq_ignore_ascii_case(clock));
    let is_time = |word: &str| word.chars().all(|c| c.is_ascii_digit() || ":.+-".contains(c));
    let mut words = text.split_whitespace().peekable();
    words.peek().is_some()
        && text.split_whitespace().any(is_clock)
        && words.all(|word| is_clock(word) || is_time(word))
}

/// The content of the string constants that a plan casts from text.
fn texts(plan: &str) -> impl Iterator<Item = &str> {
    let mut pieces = plan.split('\'').skip(1);
    std::iter::from_fn(move || {
        let text = pieces.next()?;
        let after = pieces.next().unwrap_or_default();
        Some((text, after))
    })
    // `'now'::text::date` is planned as a cast from `cstring`.
    .filter(|(_, after)| after.starts_with("::text") || after.starts_with("::cstring"))
    .map(|(text, _)| text)
}

fn outside_constants(plan: &str) -> String {
    plan.split('\'').step_by(2).collect::<Vec<_>>().join(" ")
}

/// A stretch of a plan.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Plain(&'a str),
    /// A time with an offset: its local part, and the moment in seconds where it has a date.
    Moment {
        local: &'a str,
        seconds: Option<i64>,
    },
}

fn same(one: &[Part<'_>], other: &[Part<'_>]) -> bool {
    let is_same = |(one, other): (&Part<'_>, &Part<'_>)| match (one, other) {
        (Part::Moment { local, seconds }, Part::Moment { local: other_local, seconds: other_seconds }) => {
            local == other_local
                || (seconds.is_some() && seconds == other_seconds && fraction(local) == fraction(other_local))
        }
        (one, other) => one == other,
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

fn fraction(local: &str) -> &str {
    local.split_once('.').map_or("", |(_, fraction)| fraction)
}

/// Parts a plan at its times with an offset.
fn parts(plan: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while at < plan.len() {
        match moment(plan, at).filter(|_| !plan[..at].ends_with(|c: char| c.is_ascii_digit())) {
            Some((part, length)) => {
                parts.push(Part::Plain(&plan[from..at]));
                parts.push(part);
                at += length;
                from = at;
            }
            None => at += plan[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(Part::Plain(&plan[from..]));
    parts
}

/// `2024-01-01 12:00:00.5+02:30`, or its time alone, at this place; with its length.
fn moment(plan: &str, at: usize) -> Option<(Part<'_>, usize)> {
    let rest = plan.get(at..)?;
    let mut read = Reader { rest };
    let date = read.date();
    if date.is_some() {
        read.sign(' ')?;
    }
    let clock = read.clock()?;
    let local = &rest[..rest.len() - read.rest.len()];
    let offset = read.offset()?;
    // Years before Christ are compared by their text alone.
    let is_before_christ = read.rest.starts_with(" BC");
    let seconds = date.filter(|_| !is_before_christ).map(|days| days * 86_400 + clock - offset);
    Some((Part::Moment { local, seconds }, rest.len() - read.rest.len()))
}

/// What is left of a text that is read from the front.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if !digits.contains(&length) {
            return None;
        }
        let (number, rest) = self.rest.split_at(length);
        self.rest = rest;
        number.parse().ok()
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(sign)?;
        Some(())
    }

    /// Days since 1970-01-01; `None` if the text is not a date.
    fn date(&mut self) -> Option<i64> {
        let before = self.rest;
        let found = self.year_month_day();
        if found.is_none() {
            self.rest = before;
        }
        found.map(|(year, month, day)| days(year, month, day))
    }

    fn year_month_day(&mut self) -> Option<(i64, i64, i64)> {
        let year = self.number(4..=6)?;
        self.sign('-')?;
        let month = self.number(2..=2)?;
        self.sign('-')?;
        Some((year, month, self.number(2..=2)?))
    }

    /// Seconds of the day, without their fraction.
    fn clock(&mut self) -> Option<i64> {
        let hours = self.number(2..=2)?;
        self.sign(':')?;
        let minutes = self.number(2..=2)?;
        self.sign(':')?;
        let seconds = self.number(2..=2)?;
        if self.sign('.').is_some() {
            self.number(1..=6)?;
        }
        Some(hours * 3600 + minutes * 60 + seconds)
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = if self.sign('+').is_some() { 1 } else { self.sign('-').map(|()| -1)? };
        let mut seconds = self.number(2..=2)? * 3600;
        for unit in [60, 1] {
            if self.rest.starts_with(':') {
                self.sign(':')?;
                seconds += self.number(2..=2)? * unit;
            }
        }
        Some(sign * seconds)
    }
}

/// Days since 1970-01-01 of the Gregorian calendar (Howard Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(behind: &str, ahead: &str, is_immutable: bool) -> Option<Difference> {
        difference(&[behind.to_owned()], &[ahead.to_owned()], is_immutable)
    }

    #[test]
    fn a_constant_is_the_same_by_its_moment_or_by_its_local_time() {
        for (behind, ahead) in [
            ("'2024-01-01'::date", "'2024-01-01'::date"),
            ("'2023-12-31 12:00:00.5-12'::x", "'2024-01-01 14:00:00.5+14'::x"),
            ("'2024-01-01 00:00:00-12'::x", "'2024-01-01 00:00:00+14'::x"),
            ("'12:00:00-12'::timetz", "'12:00:00+14'::timetz"),
            ("'[\"2024-02-29 12:00:00-12\",)'::r", "'[\"2024-03-01 14:00:00+14\",)'::r"),
        ] {
            assert_eq!(of(behind, ahead, true), None, "{behind}");
        }
        for (behind, ahead) in [
            ("'2024-01-01'::date", "'2024-01-02'::date"),
            ("'2024-01-01 00:00:00-12'::x", "'2024-01-02 00:00:00+14'::x"),
            ("'2023-12-31 12:00:00.5-12'::x", "'2024-01-01 14:00:00.500001+14'::x"),
            ("'2024-01-02'::date", "'2024-02-01'::date"),
        ] {
            assert_eq!(of(behind, ahead, true), Some(Difference::Constant), "{behind}");
        }
    }

    #[test]
    fn a_text_that_is_read_later_is_found() {
        for text in ["('now'::text)::date", "('now'::cstring)::date", "x(' Today 12:00 '::text)"] {
            assert_eq!(of(text, text, false), Some(Difference::ReadLater), "{text}");
            assert_eq!(of(text, text, true), None, "{text}");
        }
        for text in [
            "'now playing'::text",
            "'now'::character varying",
            "'12:00'::text",
            "''::text",
            "'x'::text || 'now'",
        ] {
            assert_eq!(of(text, text, false), None, "{text}");
        }
    }

    #[test]
    fn words_of_the_session_are_found_outside_constants() {
        let age = "age((CURRENT_DATE)::timestamp without time zone, r.ts)";
        assert_eq!(of(age, age, false), Some(Difference::Session));
        let text = "('CURRENT_DATE'::text || r.x)";
        assert_eq!(of(text, text, false), None);
    }
}
