//! Everything that the queries of an index may call: functions, operators, and the types whose casts may be
//! functions.

use std::collections::BTreeSet;

use flusso_schemas::lock::IndexPlan;

/// Names as the catalog holds them. More than are called: keywords before a parenthesis, and what a literal
/// holds. The catalog says which of them are users' functions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    /// Every name before a parenthesis, or after a value of several columns, with the schema before it.
    pub(crate) functions: BTreeSet<(Option<String>, String)>,
    /// Every run of an operator's characters, and each shorter one that begins or ends it: where one operator
    /// ends and a sign begins is not looked for.
    pub(crate) operators: BTreeSet<String>,
    /// Every name: types among them.
    pub(crate) names: BTreeSet<String>,
}

/// Characters that operators are made of.
const OPERATOR: &str = "+-*/<>=~!@#%^&|`?";

/// Everything that the queries of an index may call.
pub(crate) fn of(index: &IndexPlan) -> Calls {
    let nodes = index.nodes.iter().map(|node| node.sql.as_str());
    let edges = index.edges.iter().filter_map(|edge| edge.resolve.as_deref());
    let mut calls = Calls::default();
    nodes.chain(edges).chain([index.bound.as_str()]).for_each(|sql| calls.read(sql));
    calls
}

impl Calls {
    fn read(&mut self, sql: &str) {
        let mut rest = sql;
        // The last name, and the one before the dot before it.
        let (mut schema, mut before): (Option<String>, Option<String>) = (None, None);
        while let Some(first) = rest.chars().next() {
            if let Some((name, length)) = name_at(rest) {
                rest = &rest[length..];
                self.names.insert(name.clone());
                if rest.trim_start().starts_with('(') || schema.as_deref() == Some("") {
                    let schema = schema.take().filter(|schema| !schema.is_empty());
                    self.functions.insert((schema, name.clone()));
                }
                (schema, before) = (None, Some(name));
                continue;
            }
            match first {
                '.' => schema = Some(before.take().unwrap_or_default()),
                _ if first.is_whitespace() => {}
                _ => (schema, before) = (None, None),
            }
            let length = rest.find(|letter| !OPERATOR.contains(letter)).unwrap_or(rest.len());
            self.operators.extend(
                (1..=length).flat_map(|end| [&rest[..end], &rest[length - end..length]].map(str::to_owned)),
            );
            rest = &rest[length.max(first.len_utf8())..];
        }
    }
}

/// The name that a text begins with, folded or as it is between double quotes, and its length.
fn name_at(text: &str) -> Option<(String, usize)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut at = 0;
        loop {
            let end = at + quoted[at..].find('"')?;
            name.push_str(&quoted[at..end]);
            // Within a name, two quotes mean one.
            if !quoted[end + 1..].starts_with('"') {
                return Some((name, end + 2));
            }
            name.push('"');
            at = end + 2;
        }
    }
    let is_first = |letter: char| letter == '_' || letter.is_alphabetic();
    let is_part = |letter: char| is_first(letter) || letter == '$' || letter.is_numeric();
    text.starts_with(is_first).then(|| {
        let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
        // Postgres folds A to Z.
        (text[..end].to_ascii_lowercase(), end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Calls {
        let mut calls = Calls::default();
        calls.read(sql);
        calls
    }

    fn functions(sql: &str) -> Vec<String> {
        let spelled = |(schema, name): (Option<String>, String)| {
            schema.map_or(name.clone(), |schema| format!("{schema}.{name}"))
        };
        read(sql).functions.into_iter().map(spelled).collect()
    }

    #[test]
    fn names_before_parentheses_are_folded_as_postgres_does() {
        let sql = "select shop.Score (t.id), \"Mixed\"(1), coalesce(a, (b)) from t where id in (1)";
        assert_eq!(functions(sql), ["Mixed", "coalesce", "in", "shop.score"]);
        assert_eq!(functions("select a, \"s \"\" x\" . \"f\"(1)"), ["s \" x.f"]);
        assert_eq!(functions("select (t.address).city"), ["city", "select"]);
    }

    #[test]
    fn operators_and_types_are_found() {
        let calls = read("t.a||t.b@>-1::shop.mood");
        for operator in ["||", "@>", "@>-"] {
            assert!(calls.operators.contains(operator), "{operator}");
        }
        assert!(calls.names.contains("mood") && calls.names.contains("shop"));
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        for sql in ["\"open", "a.\"", ".", "é(日本)", "$1::text[]", "1e5+-/*", ""] {
            read(sql);
        }
    }
}
