//! How the lock prints a body: JSON indented by two spaces, with values that contain no object on one line, so
//! that a new field is a one-line diff.

use serde_json::Value;

/// The body as the lock spells it, with a line feed at its end.
pub(super) fn body_text(body: &Value) -> String {
    let mut out = String::new();
    push_value(&mut out, body, 0);
    out.push('\n');
    out
}

fn push_value(out: &mut String, value: &Value, depth: usize) {
    if !holds_object(value) {
        return push_line(out, value);
    }
    match value {
        Value::Object(entries) => push_lines(out, depth, ['{', '}'], entries, |out, (name, entry)| {
            push_string(out, name);
            out.push_str(": ");
            push_value(out, entry, depth + 1);
        }),
        Value::Array(items) => {
            push_lines(out, depth, ['[', ']'], items, |out, item| push_value(out, item, depth + 1));
        }
        plain => push_line(out, plain),
    }
}

fn push_lines<T>(
    out: &mut String,
    depth: usize,
    [open, close]: [char; 2],
    entries: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (at, entry) in entries.into_iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        push(out, entry);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

/// Whether a list or an object contains an object, at any depth.
fn holds_object(value: &Value) -> bool {
    let is_or_holds = |inner: &Value| inner.is_object() || holds_object(inner);
    match value {
        Value::Array(items) => items.iter().any(is_or_holds),
        Value::Object(entries) => entries.values().any(is_or_holds),
        _ => false,
    }
}

fn push_line(out: &mut String, value: &Value) {
    match value {
        Value::Object(entries) if entries.is_empty() => out.push_str("{}"),
        Value::Object(entries) => {
            for (at, (name, entry)) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "{ " } else { ", " });
                push_string(out, name);
                out.push_str(": ");
                push_line(out, entry);
            }
            out.push_str(" }");
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                push_line(out, item);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_holds_no_object_stands_on_one_line() {
        let body = json!({"a": {"type": "text", "of": [1, [2]]}, "b": [{"x": {}}, 1], "e": {}, "l": []});
        let spelled = r#"{
  "a": { "type": "text", "of": [1, [2]] },
  "b": [
    {
      "x": {}
    },
    1
  ],
  "e": {},
  "l": []
}
"#;
        assert_eq!(body_text(&body), spelled);
        assert_eq!(serde_json::from_str::<Value>(spelled).expect("it is JSON"), body);
    }

    #[test]
    fn keys_and_strings_are_escaped_as_json() {
        assert_eq!(body_text(&json!({"a\"": "\u{1}ä"})), "{ \"a\\\"\": \"\\u0001ä\" }\n");
    }
}
