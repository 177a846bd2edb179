//! Days of the calendar, for dates that are written in files.

/// Days since 1970-01-01 of a date written as `2024-12-31`; none for a day that does not exist.
pub(crate) fn days(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    // Postgres knows no year beyond 5874897.
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_number = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse::<i64>().ok() } else { None }
    };
    let (year, month, day) = (digits(year, 4..=7)?, digits(month, 2..=2)?, digits(day, 2..=2)?);
    let fits = year > 0 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    fits.then(|| days_from_civil(year, month, day))
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that begin in March, so that the leap day is the last one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_counted_from_1970() {
        for (text, count) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("0001-01-01", -719_162),
        ] {
            assert_eq!(days(text), Some(count), "{text}");
        }
        for text in
            ["2023-02-29", "2024-02-30", "2024-04-31", "1900-02-29", "2024-1-1", "24-01-01", "0000-01-01", ""]
        {
            assert_eq!(days(text), None, "{text}");
        }
    }
}
