//! Whether a `format` of a date reads what flusso prints. One that does not loses every document.

/// A day and two moments as flusso prints them: `date`, `timestamp` without a zone, and with one.
pub const PRINTED: [&str; 3] = ["2024-12-31", "2024-12-31T23:59:59.123456", "2024-12-31T23:59:59.123456Z"];

/// The formats that have a name, with those of [`PRINTED`] that each reads.
pub const FORMATS: &[(&str, [bool; 3])] = &[
    ("basic_date", [false; 3]),
    ("basic_date_time", [false; 3]),
    ("basic_date_time_no_millis", [false; 3]),
    ("basic_ordinal_date", [false; 3]),
    ("basic_time", [false; 3]),
    ("basic_week_date", [false; 3]),
    ("date", [true, false, false]),
    ("date_hour", [false; 3]),
    ("date_hour_minute", [false; 3]),
    ("date_hour_minute_second", [false; 3]),
    ("date_hour_minute_second_fraction", [false, true, false]),
    ("date_hour_minute_second_millis", [false; 3]),
    ("date_optional_time", [true; 3]),
    ("date_time", [false, false, true]),
    ("date_time_no_millis", [false; 3]),
    ("epoch_millis", [false; 3]),
    ("epoch_second", [false; 3]),
    ("hour", [false; 3]),
    ("iso8601", [true; 3]),
    ("ordinal_date", [false; 3]),
    ("rfc3339_lenient", [true, false, true]),
    ("strict_date", [true, false, false]),
    ("strict_date_hour", [false; 3]),
    ("strict_date_hour_minute", [false; 3]),
    ("strict_date_hour_minute_second", [false; 3]),
    ("strict_date_hour_minute_second_fraction", [false, true, false]),
    ("strict_date_hour_minute_second_millis", [false, true, false]),
    ("strict_date_optional_time", [true; 3]),
    ("strict_date_optional_time_nanos", [true; 3]),
    ("strict_date_time", [false, false, true]),
    ("strict_date_time_no_millis", [false; 3]),
    ("strict_year", [false; 3]),
    ("strict_year_month", [false; 3]),
    ("strict_year_month_day", [true, false, false]),
    ("time", [false; 3]),
    ("week_date", [false; 3]),
    ("weekyear", [false; 3]),
    ("year", [false; 3]),
    ("year_month", [false; 3]),
    ("year_month_day", [true, false, false]),
];

/// Whether a format reads one of [`PRINTED`], by its index; `None` if only the server knows.
pub fn reads(format: &str, printed: usize) -> Option<bool> {
    let mut is_certain = true;
    for alternative in format.split("||") {
        match alternative_reads(alternative, printed) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_certain = false,
        }
    }
    is_certain.then_some(false)
}

fn alternative_reads(format: &str, printed: usize) -> Option<bool> {
    match FORMATS.iter().find(|(name, _)| *name == format) {
        Some((_, reads)) => Some(reads[printed]),
        None => Some(spelled(format)? == PRINTED[printed]),
    }
}

/// The moment of [`PRINTED`] as a pattern of `java.time` spells it; none where it has more than plain fields.
fn spelled(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (quoted, after) = rest[1..].split_once('\'')?;
            out.push_str(quoted);
            rest = after;
            continue;
        }
        let end = rest.find(|other| other != letter).unwrap_or(rest.len());
        match (letter, end) {
            ('y' | 'u', 4) => out.push_str("2024"),
            ('M', 2) => out.push_str("12"),
            ('d', 2) => out.push_str("31"),
            ('H', 2) => out.push_str("23"),
            ('m' | 's', 2) => out.push_str("59"),
            ('S', 1..=6) => out.push_str(&"123456"[..end]),
            ('X', 1..=3) => out.push('Z'),
            (letter, _) if "-/:. ".contains(letter) => out.push_str(&rest[..end]),
            _ => return None,
        }
        rest = &rest[end..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_sorted_and_patterns_are_spelled() {
        assert!(FORMATS.is_sorted_by_key(|(name, _)| *name));
        for (format, printed, wanted) in [
            ("yyyy-MM-dd", 0, Some(true)),
            ("dd.MM.yyyy", 0, Some(false)),
            ("yyyy", 0, Some(false)),
            ("epoch_second", 2, Some(false)),
            ("epoch_millis||strict_date_optional_time", 2, Some(true)),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 2, Some(true)),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSX", 2, Some(false)),
            ("yyyy-MM-dd['T'HH:mm]", 0, None),
            ("yyyy||uuuu-MM-dd[X]", 0, None),
        ] {
            assert_eq!(reads(format, printed), wanted, "{format}");
        }
    }
}
