//! Which functions the queries of an index may call: every name before a parenthesis.

use std::collections::BTreeSet;

use flusso_schemas::lock::IndexPlan;

/// Names as the catalog holds them, without schemas. More than are called: keywords before a
/// parenthesis, and what a literal holds. The catalog tells which of them are functions of a user.
pub(super) fn of(index: &IndexPlan) -> BTreeSet<String> {
    let nodes = index.nodes.iter().map(|node| node.sql.as_str());
    let edges = index.edges.iter().filter_map(|edge| edge.resolve.as_deref());
    nodes.chain(edges).chain([index.bound.as_str()]).flat_map(before_parentheses).collect()
}

fn before_parentheses(sql: &str) -> Vec<String> {
    let openings = sql.match_indices('(').map(|(at, _)| sql[..at].trim_end());
    openings.filter_map(last_name).collect()
}

/// The name that a text ends with: folded, or as it is between double quotes.
fn last_name(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_suffix('"') {
        // Two quotes within a name stand for one; names that hold one are read up to it, and miss.
        return quoted.rsplit_once('"').map(|(_, name)| name.to_owned());
    }
    let is_part = |letter: char| letter == '_' || letter == '$' || letter.is_alphanumeric();
    let start = text.char_indices().rev().take_while(|(_, letter)| is_part(*letter)).last()?.0;
    Some(text[start..].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_parentheses_are_folded_as_postgres_does() {
        let sql = "select shop.Score (t.id), \"Mixed\"(1), coalesce(a, (b)) from t where id in (1)";
        assert_eq!(before_parentheses(sql), ["score", "Mixed", "coalesce", "in"]);
        assert_eq!(before_parentheses("select a, (select 1)"), [""; 0]);
    }
}
