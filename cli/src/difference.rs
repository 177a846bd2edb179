//! The difference between two texts, line by line, as `diff -u` shows it.

use similar::TextDiff;

use crate::look::Look;

/// Lines around each change.
const CONTEXT_LINES: usize = 3;

/// A unified difference; empty where both are equal.
pub fn between(name: &str, old: &str, new: &str, look: &Look) -> String {
    let difference = TextDiff::from_lines(old, new);
    let mut unified = difference.unified_diff();
    let text =
        unified.context_radius(CONTEXT_LINES).header(name, "what `flusso compile` would write").to_string();
    text.lines().map(|line| painted(line, look) + "\n").collect()
}

fn painted(line: &str, look: &Look) -> String {
    match line.as_bytes().first() {
        Some(b'+') => look.paint(32, line),
        Some(b'-') => look.paint(31, line),
        Some(b'@') => look.paint(36, line),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown() {
        let look = Look { color: false, terminal: false, width: 80 };
        let old: String = (0..20).map(|line| format!("{line}\n")).collect();
        let text = between("flusso.lock", &old, &old.replace("10\n", "ten\n"), &look);
        assert!(text.contains("-10\n+ten\n") && !text.contains("\n 1\n"), "{text}");
        assert_eq!(between("a", &old, &old, &look), "");
    }
}
