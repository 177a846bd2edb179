//! How the lock spells keys, strings, lists and inline tables of TOML.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// A key: bare where TOML allows it, else a string.
pub(super) fn key(name: &str) -> Cow<'_, str> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) { Cow::Borrowed(name) } else { Cow::Owned(string(name)) }
}

/// A string on one line: `"…"`, or `'…'` where that saves an escape.
pub(super) fn string(text: &str) -> String {
    let holds_escaped = text.contains(['"', '\\']);
    if holds_escaped && !text.contains(|letter: char| letter == '\'' || is_hidden(letter)) {
        return format!("'{text}'");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => push_escaped(&mut out, other),
        }
    }
    out.push('"');
    out
}

/// A text on lines of its own: `'''`, or `"""` with escapes where it holds `'''` or a control
/// character.
pub(super) fn text(text: &str) -> String {
    let needs_escape = |letter: char| is_hidden(letter) && letter != '\n' && letter != '\t';
    if !text.contains("'''") && !text.contains(needs_escape) {
        return format!("'''\n{text}'''");
    }
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str("\"\"\"\n");
    // The third of three quotes in a row is escaped; two are allowed, even before the closing three.
    let mut quotes_in_a_row = 0;
    for letter in text.chars() {
        quotes_in_a_row = if letter == '"' { quotes_in_a_row + 1 } else { 0 };
        match letter {
            '"' if quotes_in_a_row == 3 => {
                out.push_str("\\\"");
                quotes_in_a_row = 0;
            }
            '\n' | '\t' => out.push(letter),
            other => push_escaped(&mut out, other),
        }
    }
    out.push_str("\"\"\"");
    out
}

/// Control characters, and those that let a text look other than it is to the one who reviews it: the
/// bidirectional controls, separators that some editors show as line ends, and the byte order mark.
fn is_hidden(letter: char) -> bool {
    let looks_other = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    );
    letter.is_control() || looks_other
}

fn push_escaped(out: &mut String, letter: char) {
    match letter {
        '\\' => out.push_str("\\\\"),
        hidden if is_hidden(hidden) => {
            write!(out, "\\u{:04X}", u32::from(hidden)).expect("a String takes every write");
        }
        other => out.push(other),
    }
}

/// A list on one line; the items are spelled already.
fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// An inline table; the values are spelled already.
fn table<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<String> =
        entries.into_iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    match entries.as_slice() {
        [] => "{}".to_owned(),
        _ => format!("{{ {} }}", entries.join(", ")),
    }
}

/// A plain value on one line. TOML has no null: one within a list or a map is left out.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => list(items.iter().filter(|item| !item.is_null()).map(self::value)),
        Value::Object(entries) => table(
            entries
                .iter()
                .filter(|(_, entry)| !entry.is_null())
                .map(|(name, entry)| (name.as_str(), self::value(entry))),
        ),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(spelled: &str) -> String {
        let table: toml::Table = format!("x = {spelled}\n").parse().expect("it is TOML");
        table["x"].as_str().expect("it is a string").to_owned()
    }

    #[test]
    fn every_text_is_read_back_from_either_spelling() {
        for each in [
            "",
            "\u{202e}",
            "\u{85}",
            "\u{feff}\u{2028}",
            "'",
            "''",
            "'''",
            "\"",
            "\"\"",
            "\"\"\"",
            "\"\"\"\"\"\"\"",
            "\\",
            "a\\",
            "a\nb",
            "\n\n",
            "\u{1}",
            "\u{7f}",
            "\t",
            "\r\n",
            "'''\"\"\"",
            "'''\"\"",
            "'''\\\"\"\"\"",
            "ä 'x' \"y\"",
            "'''\n",
        ] {
            assert_eq!(parsed(&string(each)), each, "{}", string(each));
            assert_eq!(parsed(&text(each)), each, "{}", text(each));
        }
    }

    #[test]
    fn the_spelling_with_the_fewest_escapes_is_taken() {
        assert_eq!(string("a"), r#""a""#);
        assert_eq!(string(r#""a" = 1"#), r#"'"a" = 1'"#);
        assert_eq!(string(r#""a" = 'x'"#), r#""\"a\" = 'x'""#);
        assert_eq!(string("a\nb"), r#""a\nb""#);
        assert_eq!(text("select ''\n"), "'''\nselect ''\n'''");
        assert_eq!(string("a\u{202e}b"), r#""a\u202Eb""#);
        assert_eq!(text("a \u{1}\\\n"), "\"\"\"\na \\u0001\\\\\n\"\"\"");
    }

    #[test]
    fn keys_are_quoted_only_where_toml_needs_it() {
        assert_eq!(key("order_id"), "order_id");
        assert_eq!(key("items.line"), "\"items.line\"");
        assert_eq!(key(""), "\"\"");
    }

    #[test]
    fn values_keep_their_order_and_lose_nulls() {
        assert_eq!(value(&json!({"b": [1, null, 1.5], "a": true, "n": null})), "{ b = [1, 1.5], a = true }");
        assert_eq!(value(&json!({})), "{}");
    }
}
