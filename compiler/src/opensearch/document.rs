//! Values that a field of a mapping type refuses in a document, which is then lost.

use std::net::IpAddr;

use serde_json::Value;

use crate::calendar;

/// A field as its mapping makes it.
#[derive(Clone, Copy, Debug)]
pub struct FieldType<'a> {
    /// The mapping's `type`, such as `scaled_float`.
    pub name: &'a str,
    /// `scaling_factor` of a `scaled_float`.
    pub scaling_factor: u64,
    /// `format` of a date, where one is written: its values cannot be judged here.
    pub format: Option<&'a str>,
}

/// What a field takes, where it would refuse this value; none where it takes it.
pub fn refusal(field: &FieldType<'_>, value: &Value) -> Option<String> {
    let whole = |least: i64, most: i64| {
        let fits = value.as_i64().is_some_and(|number| (least..=most).contains(&number));
        (!fits).then(|| format!("a whole number from {least} to {most}"))
    };
    let number = |most: f64| {
        let fits = value.as_f64().is_some_and(|number| number.abs() <= most);
        (!fits).then(|| {
            if most == f64::MAX { "a number".to_owned() } else { format!("a number up to {most:e}") }
        })
    };
    let text = |wanted: &str, fits: &dyn Fn(&str) -> bool| {
        (!value.as_str().is_some_and(fits)).then(|| wanted.to_owned())
    };
    match field.name {
        "boolean" => (!value.is_boolean()).then(|| "`true` or `false`".to_owned()),
        "byte" => whole(i8::MIN.into(), i8::MAX.into()),
        "short" => whole(i16::MIN.into(), i16::MAX.into()),
        "integer" => whole(i32::MIN.into(), i32::MAX.into()),
        "long" => whole(i64::MIN, i64::MAX),
        "half_float" => number(65_504.0),
        "float" => number(f32::MAX.into()),
        "double" => number(f64::MAX),
        "scaled_float" => number(scaled_most(field.scaling_factor)),
        "date" | "date_nanos" if field.format.is_some() => text("a text", &|_| true),
        "date" => text("a date or a time in ISO 8601, such as `2024-12-31`", &is_instant),
        "date_nanos" => {
            text("a time in ISO 8601 between 1970 and 2262, such as `2024-12-31T23:59:59Z`", &|text| {
                is_instant(text) && (1970..=2261).contains(&year(text))
            })
        }
        "ip" => text("an IP address", &|text| text.parse::<IpAddr>().is_ok()),
        "ip_range" => text("a network such as `10.0.0.0/8`", &is_network),
        "binary" => text("base64", &is_base64),
        "object" => None,
        "flat_object" => {
            let is_map = value.is_object();
            let is_maps = value.as_array().is_some_and(|items| items.iter().all(Value::is_object));
            (!is_map && !is_maps).then(|| "a map".to_owned())
        }
        _ => text("a text", &|_| true),
    }
}

/// The largest number of a `scaled_float`: its product with the factor is kept in 64 bits.
fn scaled_most(factor: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the server multiplies as doubles too")]
    let (most, factor) = (i64::MAX as f64, factor.max(1) as f64);
    most / factor
}

/// What `strict_date_optional_time` takes of a whole day, with a time or without one.
fn is_instant(text: &str) -> bool {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    calendar::days(day).is_some() && time.is_none_or(is_time)
}

fn is_time(text: &str) -> bool {
    let end = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(end);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let two =
        |part: &&str, most: u32| part.len() == 2 && part.parse::<u32>().is_ok_and(|value| value <= most);
    let is_clock = match parts.as_slice() {
        [hours] => two(hours, 23),
        [hours, minutes] => two(hours, 23) && two(minutes, 59),
        [hours, minutes, seconds] => two(hours, 23) && two(minutes, 59) && two(seconds, 59),
        _ => false,
    };
    let is_fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_zone = match zone {
        "" | "Z" => true,
        offset => {
            let digits = offset[1..].replacen(':', "", 1);
            matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
    };
    is_clock && is_fraction && is_zone
}

fn year(text: &str) -> i64 {
    text.split('-').next().and_then(|year| year.parse().ok()).unwrap_or(0)
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// Values that fields of a type accept and refuse, as JSON lists.
pub const CASES: &[(&str, &str, &str)] = &[
    ("boolean", "[true, false]", r#"["yes", 1]"#),
    ("byte", "[-128, 127]", r#"[128, -129, "a"]"#),
    ("short", "[32767]", "[32768]"),
    ("integer", "[-2147483648]", "[2147483648]"),
    ("long", "[9223372036854775807]", r#"["9223372036854775808"]"#),
    ("half_float", "[65504, -1.5]", "[70000]"),
    ("float", "[3e38]", "[3.5e38]"),
    ("double", "[1.5e308]", r#"["NaN", "1e400"]"#),
    ("scaled_float", "[1.25]", r#"["NaN", "a"]"#),
    (
        "date",
        r#"["2024-02-29", "2024-12-31T23:59:59Z", "2024-12-31T23:59:59.123456+02:00", "2024-12-31T23:59"]"#,
        r#"["hello", "2024-02-30", "2024-13-01", "2024-12-31 10:00:00", "2024-12-31T24:00:00", "31.12.2024"]"#,
    ),
    ("date_nanos", r#"["2024-02-29T01:02:03.000004Z"]"#, r#"["1969-12-31T00:00:00Z", "2263-01-01"]"#),
    ("ip", r#"["10.0.0.1", "::1"]"#, r#"["10.0.0.1/8", "10.0.0", "hello"]"#),
    ("ip_range", r#"["10.0.0.0/8", "2001:db8::/32"]"#, r#"["10.0.0.0/33", "hello"]"#),
    ("binary", r#"["aGVsbG8="]"#, r#"["aGVsbG8", "*"]"#),
    ("keyword", r#"["a"]"#, "[{}]"),
    ("flat_object", r#"[{ "a": 1 }]"#, r#"["a", 1]"#),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The service test `opensearch_tables` sends these to a real server.
    #[test]
    fn values_that_lose_a_document_are_refused() {
        for (name, accepted, refused) in CASES {
            let field = FieldType { name, scaling_factor: 100, format: None };
            for value in serde_json::from_str::<Vec<Value>>(accepted).expect("a list") {
                assert_eq!(refusal(&field, &value), None, "{name} {value}");
            }
            for value in serde_json::from_str::<Vec<Value>>(refused).expect("a list") {
                assert!(refusal(&field, &value).is_some(), "{name} {value}");
            }
        }
        let format = FieldType { name: "date", scaling_factor: 0, format: Some("yyyy") };
        assert_eq!(refusal(&format, &json!("2024")), None);
    }
}
