//! The one replacement in the lock's queries: marks become a range of keys, or the requested keys.

use flusso_runtime::documents::Key;
use flusso_schemas::lock::KeyColumn;
use flusso_schemas::lock::marks::{Piece, pieces};
use flusso_schemas::name::quote_literal;

use super::fault::Fault;

/// Replacement for a placeholder.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'a> {
    /// The keys in `$1..$n`, one `text[]` a key part.
    Keys,
    /// The keys in `(after, up_to]`, open where none.
    Range {
        /// Exclusive lower bound; none from the first key.
        after: Option<&'a Key>,
        /// Inclusive upper bound; none to the last key.
        up_to: Option<&'a Key>,
    },
    /// A range between two bounds that are null: what a query is prepared with before any key is known.
    AnyRange,
}

impl Rows<'_> {
    /// Every row: what a statement is prepared with to see whether it still fits the catalog.
    pub(super) const ALL: Self = Self::Range { after: None, up_to: None };

    /// Whether a query composed for them is the same text each time.
    pub(super) fn recur(self) -> bool {
        match self {
            Self::Keys | Self::AnyRange => true,
            Self::Range { after, up_to } => after.is_none() && up_to.is_none(),
        }
    }
}

/// A query with its marks replaced.
pub(crate) fn compose(sql: &str, key: &[KeyColumn], rows: Rows<'_>) -> Result<String, Fault> {
    let mut text = String::with_capacity(sql.len() + 64);
    for piece in pieces(sql).map_err(|error| Fault::Internal(error.to_string()))? {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Mark(mark) => text.push_str(&condition(mark.columns(), key, rows)?),
        }
    }
    Ok(text)
}

/// A root query reduced to its keys. The planner drops what it prints beside them.
pub(crate) fn keys_only(root: &str, parts: usize) -> String {
    // What is printed beside the keys has the name of a column, which may be any.
    let mut prefix = "key".to_owned();
    while root.contains(&prefix) {
        prefix.push('_');
    }
    let names = (1..=parts).map(|part| format!("{prefix}{part}")).collect::<Vec<_>>().join(", ");
    format!("select {names} from (\n{root}\n) as documents({names})")
}

fn condition(columns: &[&str], key: &[KeyColumn], rows: Rows<'_>) -> Result<String, Fault> {
    if columns.len() != key.len() {
        let (marked, parts) = (columns.len(), key.len());
        return Err(Fault::Internal(format!(
            "a mark names columns for {marked} parts of a key, which has {parts}"
        )));
    }
    match rows {
        Rows::Keys => Ok(among_parameters(columns, key)),
        Rows::Range { after, up_to } => {
            let bounds = [after.map(|after| literals(after, key)), up_to.map(|up_to| literals(up_to, key))];
            let [after, up_to] = bounds.map(Option::transpose);
            Ok(between(columns, after?, up_to?))
        }
        Rows::AnyRange => Ok(between(columns, Some(nulls(key)), Some(nulls(key)))),
    }
}

fn among_parameters(columns: &[&str], key: &[KeyColumn]) -> String {
    let arrays = key.iter().enumerate().map(|(at, part)| format!("${}::{}[]", at + 1, part.pg_type));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    match columns {
        [single] => format!("{single} = any({arrays})"),
        _ => format!("({}) in (select * from unnest({arrays}))", columns.join(", ")),
    }
}

fn between(columns: &[&str], after: Option<String>, up_to: Option<String>) -> String {
    let columns = columns.join(", ");
    let bounds = [(">", after), ("<=", up_to)];
    let conditions = bounds
        .into_iter()
        .filter_map(|(operator, bound)| bound.map(|bound| format!("({columns}) {operator} ({bound})")));
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() { "true".to_owned() } else { conditions.join(" and ") }
}

fn nulls(key: &[KeyColumn]) -> String {
    key.iter().map(|part| format!("null::{}", part.pg_type)).collect::<Vec<_>>().join(", ")
}

fn literals(bound: &Key, key: &[KeyColumn]) -> Result<String, Fault> {
    if bound.0.len() != key.len() {
        return Err(Fault::Internal("a bound has not as many parts as the key".to_owned()));
    }
    let typed =
        bound.0.iter().zip(key).map(|(text, part)| format!("{}::{}", quote_literal(text), part.pg_type));
    Ok(typed.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use flusso_schemas::name::Ident;

    use super::*;

    fn key_columns(types: &[&str]) -> Vec<KeyColumn> {
        let part = |pg_type: &&str| KeyColumn { column: Ident::new("k"), pg_type: (*pg_type).to_owned() };
        types.iter().map(part).collect()
    }

    fn key(parts: &[&str]) -> Key {
        Key(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn a_range_is_quoted_and_cast_by_the_keys_type() {
        let (low, high) = (key(&["it's\\"]), key(&["z"]));
        let compose = |after, up_to| {
            let sql = "where {rows:o.id} and {range:o.id}";
            compose(sql, &key_columns(&["text"]), Rows::Range { after, up_to }).expect("composed")
        };
        assert_eq!(compose(None, None), "where true and true");
        assert_eq!(compose(None, Some(&high)), "where (o.id) <= ('z'::text) and (o.id) <= ('z'::text)");
        let both = "(o.id) > ('it''s\\'::text) and (o.id) <= ('z'::text)";
        assert_eq!(compose(Some(&low), Some(&high)), format!("where {both} and {both}"));
    }

    #[test]
    fn a_composite_key_is_compared_as_a_row() {
        let types = key_columns(&["bigint", "uuid"]);
        let low = key(&["1", "a"]);
        let range = Rows::Range { after: Some(&low), up_to: None };
        assert_eq!(
            compose("{rows:o.a, o.\"B\"}", &types, range).expect("composed"),
            "(o.a, o.\"B\") > ('1'::bigint, 'a'::uuid)"
        );
        assert_eq!(
            compose("{rows:o.a, o.\"B\"}", &types, Rows::Keys).expect("composed"),
            "(o.a, o.\"B\") in (select * from unnest($1::bigint[], $2::uuid[]))"
        );
    }

    #[test]
    fn no_column_of_a_root_has_the_name_of_a_key_part() {
        let keys = keys_only("select t.id::text, t.\"key1\"::text from shop.key t", 1);
        assert!(keys.starts_with("select key_1 from (") && keys.ends_with(") as documents(key_1)"), "{keys}");
    }

    #[test]
    fn keys_are_an_array_of_the_keys_type() {
        let types = key_columns(&["bigint"]);
        assert_eq!(compose("{rows:o.id}", &types, Rows::Keys).expect("composed"), "o.id = any($1::bigint[])");
    }

    #[test]
    fn a_mark_or_bound_of_another_length_than_the_key_is_refused() {
        let types = key_columns(&["bigint"]);
        assert!(compose("{rows:o.a, o.b}", &types, Rows::Keys).is_err());
        let low = key(&["1", "2"]);
        assert!(compose("{rows:o.a}", &types, Rows::Range { after: Some(&low), up_to: None }).is_err());
    }
}
