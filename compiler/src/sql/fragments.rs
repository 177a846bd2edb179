//! Small pieces of SQL text: columns, literals and lines.

use flusso_schemas::name::{quote_identifier, quote_literal};

use crate::sql_text::line_breaks_between_tokens;

/// A qualified column: `alias.column`, quoted where needed.
pub(crate) fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", quote_identifier(name))
}

/// A text as a literal; what the runtime would take for a mark is parted.
pub(crate) fn literal(text: &str) -> String {
    let quoted = quote_literal(text);
    let parted = quoted.replace("{rows:", "{' || 'rows:").replace("{range:", "{' || 'range:");
    if parted == quoted { quoted } else { format!("({parted})") }
}

/// The key as `{rows:…}` or `{range:…}` over these columns.
pub(crate) fn mark(name: &str, columns: &[String]) -> String {
    format!("{{{name}:{}}}", columns.join(", "))
}

/// Every line two spaces further in.
pub(crate) fn indented(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("  {line}")).collect()
}

/// Lines after the first moved to the right. What follows a line break inside a literal or a quoted name is
/// a part of it, so it stays where it is.
pub(crate) fn shifted(sql: &str, columns: usize) -> String {
    let margin = " ".repeat(columns);
    let mut out = String::with_capacity(sql.len());
    let mut copied = 0;
    for at in line_breaks_between_tokens(sql) {
        out.push_str(&sql[copied..=at]);
        out.push_str(&margin);
        copied = at + 1;
    }
    out.push_str(&sql[copied..]);
    out
}

/// Clauses on lines of their own, with a line feed at the end.
pub(crate) fn query(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// `where a and b`, empty without conditions.
pub(crate) fn where_clause(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| format!("where {}", conditions.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_never_holds_a_mark() {
        assert_eq!(literal("it's {\"id\":"), "'it''s {\"id\":'");
        assert_eq!(literal("a{rows:x}"), "('a{' || 'rows:x}')");
    }

    #[test]
    fn only_line_breaks_between_tokens_are_indented() {
        for (sql, moved) in [
            ("a ||\nb", "a ||\n  b"),
            ("replace(a, '\n', '+')", "replace(a, '\n', '+')"),
            ("a = 'it''s\n' and\nb", "a = 'it''s\n' and\n  b"),
            ("a = E'it\\'s\n' and\nb", "a = E'it\\'s\n' and\n  b"),
            ("E'a'\n'\\'\n'\n", "E'a'\n'\\'\n'\n  "),
            ("$$'\n$$ ||\n$x$\n$$\n$x$", "$$'\n$$ ||\n  $x$\n$$\n$x$"),
            ("t.\"a\nb\"\n|| U&'\n'", "t.\"a\nb\"\n  || U&'\n'"),
            ("'--\n'\n", "'--\n'\n  "),
        ] {
            assert_eq!(shifted(sql, 2), moved);
        }
    }
}
