//! Durations as the project's files write them: an integer and `ms`, `s`, `m`, `h` or `d`.

use std::time::Duration;

/// Reads a duration; the error says what is meant.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("write an integer and `ms`, `s`, `m`, `h` or `d`, such as `90s`".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    let total = number.and_then(|number| number.checked_mul(milliseconds));
    total.map(Duration::from_millis).ok_or_else(|| "write a number that fits in front of the unit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_its_unit() {
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("10m"), Ok(Duration::from_secs(600)));
        for wrong in ["", "30", "s", "1.5s", "30 s", "99999999999999999d", "5S"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
