//! Patterns of `like` that Postgres takes when it prepares a query and refuses when a row reaches their end.

use flusso_lints::sql_expression_invalid;

use super::Checker;
use super::literal::ExpectedType;
use crate::condition::Literal;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::sql_text::SqlText;
use crate::syntax::tree::Node;

impl Checker<'_> {
    /// A pattern as SQL writes it.
    pub(super) fn pattern(&mut self, node: &Node, expected: &ExpectedType) -> Option<Literal> {
        let literal = self.literal(node, &expected.as_text())?;
        if let Literal::Text(pattern) = &literal
            && ends_in_escape(pattern)
        {
            let place = Place::new(self.file, node.span.clone());
            self.push(expected.as_compared().lone_escape(pattern, place));
            return None;
        }
        Some(literal)
    }
}

/// The finding for a pattern inside an expression.
pub(super) fn in_expression(bound: &SqlText, place: &Place, table: &Table) -> Option<Diagnostic> {
    let pattern = bound.names().patterns.iter().find(|pattern| ends_in_escape(pattern))?;
    Some(sql_expression_invalid::lone_escape(table.name.name.as_str(), pattern, place.clone()))
}

/// Whether the last backslash is not itself escaped.
fn ends_in_escape(pattern: &str) -> bool {
    let backslashes = pattern.len() - pattern.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::ends_in_escape;

    #[test]
    fn an_escaped_backslash_ends_a_pattern_well() {
        for (pattern, expected) in
            [("a\\", true), ("\\", true), ("%\\\\\\", true), ("a\\\\", false), ("a\\%", false), ("", false)]
        {
            assert_eq!(ends_in_escape(pattern), expected, "{pattern}");
        }
    }
}
