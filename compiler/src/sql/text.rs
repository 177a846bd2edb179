//! Small pieces of SQL text: columns, literals and lines.

use flusso_schemas::name::{quote_identifier, quote_literal};

/// `alias.column`
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

/// Every line two blanks further in.
pub(crate) fn indented(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("  {line}")).collect()
}

/// Clauses on lines of their own, with a line feed at the end.
pub(crate) fn query(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// `where a and b`, nothing where there is no condition.
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
}
