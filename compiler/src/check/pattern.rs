//! Patterns of `like` that Postgres takes when it prepares a query and refuses when a row reaches their end.

use super::Checker;
use super::literal::Wanted;
use crate::condition::Literal;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::sql_text::SqlText;
use crate::syntax::tree::Node;

impl Checker<'_> {
    /// A pattern as SQL writes it.
    pub(super) fn pattern(&mut self, node: &Node, wanted: &Wanted) -> Option<Literal> {
        let literal = self.literal(node, &wanted.as_text())?;
        if let Literal::Text(pattern) = &literal
            && ends_in_escape(pattern)
        {
            let place = Place::new(self.file, node.span.clone());
            let message = format!("the pattern for `{}` {PROBLEM}", wanted.column);
            self.push(
                Diagnostic::deny("filter-type-mismatch", place, message).note(wanted.note.clone()).help(
                    format!(
                        "write `'{}\\'` to match a backslash there, or remove it",
                        pattern.replace('\'', "''")
                    ),
                ),
            );
            return None;
        }
        Some(literal)
    }
}

const PROBLEM: &str =
    "ends with a lone `\\`, which escapes nothing: postgres fails at the first row that matches up to there";

/// The finding for a pattern inside an expression.
pub(super) fn in_expression(bound: &SqlText, place: &Place, table: &Table) -> Option<Diagnostic> {
    let pattern = bound.names().patterns.iter().find(|pattern| ends_in_escape(pattern))?;
    let message = format!("a pattern over a row of `{}` {PROBLEM}", table.name.name);
    Some(
        Diagnostic::deny("sql-expression-invalid", place.clone(), message)
            .help(format!("write `'{pattern}\\'` to match a backslash there, or remove it")),
    )
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
