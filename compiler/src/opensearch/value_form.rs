//! Forms of values under `settings` and `options`, each with what it accepts and what it refuses.

use serde_json::Value;

/// The form of a setting's or parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueForm {
    /// `true` or `false`, also as quoted text.
    Boolean,
    /// A whole number within these bounds, both included.
    Whole(i64, i64),
    /// A number within these bounds, both included.
    Number(f64, f64),
    /// A duration of at least so many milliseconds; `-1` disables it if the least is negative.
    Duration(i64),
    /// A size of at least so many bytes; `-1` disables it if the least is negative.
    Size(i64),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A word or a list of words, each one of a few.
    Words(&'static [&'static str]),
    /// Replicas by the number of nodes: `0-1`, `0-all` or `false`.
    Spread,
    /// Any text; the server judges its content.
    Text,
    /// A text or a list of texts.
    Texts,
    /// A map from names to texts.
    TextMap,
    /// A map whose keys are these, each with a number.
    NumberMap(&'static [&'static str]),
    /// A value of the field itself.
    FieldValue,
    /// Whatever the server takes.
    Any,
}

/// Units of a duration with their nanoseconds.
const DURATION_UNITS: [(&str, i64); 7] = [
    ("nanos", 1),
    ("micros", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Units of a size with their bytes.
const SIZE_UNITS: [(&str, i64); 6] =
    [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("pb", 1 << 50), ("b", 1)];

impl ValueForm {
    /// Whether a value has this form. Numbers and booleans may be written as text, as the server accepts them.
    pub fn accepts(&self, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => String::new(),
        };
        match self {
            Self::Boolean => matches!(text.as_str(), "true" | "false"),
            Self::Whole(least, most) => {
                text.parse::<i64>().is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Number(least, most) => {
                !value.is_boolean()
                    && text.parse::<f64>().is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Duration(least) => has_unit(&text, *least, &DURATION_UNITS, 1_000_000),
            Self::Size(least) => has_unit(&text, *least, &SIZE_UNITS, 1),
            Self::Word(words) => words.contains(&text.as_str()),
            Self::Words(words) => all(value, |item| item.as_str().is_some_and(|word| words.contains(&word))),
            Self::Spread => text == "false" || is_spread(&text),
            Self::Text => value.is_string(),
            Self::Texts => all(value, Value::is_string),
            Self::TextMap => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
            Self::NumberMap(keys) => value.as_object().is_some_and(|map| {
                map.iter().all(|(key, entry)| keys.contains(&key.as_str()) && entry.is_number())
            }),
            Self::FieldValue | Self::Any => true,
        }
    }

    /// The expected value, as it follows `write` in a help.
    pub fn wanted(&self) -> String {
        const LARGE: i64 = i32::MAX as i64;
        match self {
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Whole(least, most) if *most >= LARGE => format!("a whole number, {least} or more"),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Number(least, most) if *most == f64::MAX => format!("a number, {least} or more"),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Duration(least) if *least < 0 => "a duration such as `30s`, or `-1` for none".to_owned(),
            Self::Duration(least) if *least > 0 => format!("a duration such as `30s`, at least `{least}ms`"),
            Self::Duration(_) => "a duration such as `30s`".to_owned(),
            Self::Size(least) if *least < 0 => "a size such as `512mb`, or `-1` for none".to_owned(),
            Self::Size(_) => "a size such as `512mb`".to_owned(),
            Self::Word(words) | Self::Words(words) => flusso_lints::words::listed(words, "or"),
            Self::Spread => "`0-1`, `0-all` or `false`".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Texts => "a text or a list of texts".to_owned(),
            Self::TextMap => "a map of names and texts".to_owned(),
            Self::NumberMap(keys) => {
                format!("a map with numbers for {}", flusso_lints::words::listed(keys, "and"))
            }
            Self::FieldValue => "a value of the field".to_owned(),
            Self::Any => "another value".to_owned(),
        }
    }
}

fn all(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(fits),
        one => fits(one),
    }
}

/// A whole number and a unit; `scale` is the size of the bound's own unit. Only 0 and -1 need no unit.
fn has_unit(text: &str, least: i64, units: &[(&str, i64)], scale: i64) -> bool {
    match text {
        "0" => return least <= 0,
        "-1" => return least < 0,
        _ => {}
    }
    let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let unit = unit.trim_start().to_lowercase();
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else { return false };
    let size = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(*factor));
    size.is_some_and(|size| size >= least.max(0) * scale)
}

fn is_spread(text: &str) -> bool {
    let Some((least, most)) = text.split_once('-') else { return false };
    let Ok(least) = least.parse::<u32>() else { return false };
    most == "all" || most.parse::<u32>().is_ok_and(|most| least <= most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_form_takes_what_the_server_takes() {
        for (form, accepted, refused) in [
            (ValueForm::Boolean, json!([true, "false"]), json!(["yes", 1, null])),
            (ValueForm::Whole(1, 1024), json!([1, "3", 1024]), json!([0, 1025, "many", 1.5, true])),
            (ValueForm::Duration(-1), json!(["1s", "500ms", "1 S", -1, "0"]), json!(["1", 5, "-2s", "1.5s"])),
            (ValueForm::Duration(100), json!(["100ms", "5s"]), json!(["99ms", 0, -1])),
            (ValueForm::Size(56), json!(["56b", "1kb", "1 mb"]), json!(["55b", "1.5gb", "10%", 512])),
            (ValueForm::Word(&["all", "none"]), json!(["all"]), json!(["some", true])),
            (ValueForm::Spread, json!(["0-1", "0-all", false]), json!(["all", "1-0", 1])),
            (ValueForm::Texts, json!(["a", ["a", "b"]]), json!([1, [1], {}])),
            (ValueForm::TextMap, json!([{}, { "a": "b" }]), json!([{ "a": 1 }, "x"])),
        ] {
            for value in accepted.as_array().expect("a list") {
                assert!(form.accepts(value), "{form:?} {value}");
            }
            for value in refused.as_array().expect("a list") {
                assert!(!form.accepts(value), "{form:?} {value}");
            }
        }
    }
}
