//! From a changed row to the documents it is in: joins only, towards the root, over current rows.
//!
//! Never a condition, a limit or an order: a row that has just left a filter must still find its documents.
//!
//! Rule *resolve* of docs/correctness.md.

use flusso_schemas::name::Ident;

use super::alias::Aliases;
use super::fragments::{column, mark, query, where_clause};
use super::from::{columns, equal, table};
use super::key;
use super::query_tree::{QueryTree, ROOT, RowId};
use super::reach::{Reach, reach};

/// The columns of a changed row that lead to documents, and the query from them to root keys; none where
/// they are the root's key themselves.
pub(crate) fn resolve(tree: &QueryTree<'_>, row: RowId) -> (Vec<Ident>, Option<String>) {
    if row == ROOT {
        return (idents(&tree.index.key), None);
    }
    let navigation: Vec<String> = tree.rows[row].pairs.iter().map(|pair| pair.child.clone()).collect();
    if let Reach::Key(places) = reach(tree, row) {
        return (places.iter().map(|place| Ident::new(&navigation[*place])).collect(), None);
    }
    (idents(&navigation), Some(resolve_query(tree, row)))
}

fn idents(names: &[String]) -> Vec<Ident> {
    names.iter().map(Ident::new).collect()
}

fn resolve_query(tree: &QueryTree<'_>, row: RowId) -> String {
    let mut aliases = Aliases::default();
    let pairs = tree.rows[row].pairs;
    let mut lines = vec![keys(tree, row)];
    let names: Vec<String> = (1..=pairs.len()).map(|place| format!("keys.k{place}")).collect();
    let (printed, conditions) = walk(tree, &mut aliases, &mut lines, row, names);

    let mut all = vec![format!("select {}", key::texts(tree, &printed).join(", "))];
    all.extend(lines);
    let mut wheres = vec![mark("range", &printed)];
    wheres.extend(conditions);
    all.extend(where_clause(&wheres));
    all.push(format!("group by {}", printed.join(", ")));
    all.push(format!("order by {}", printed.join(", ")));
    all.push(format!("limit ${}", pairs.len() + 1));
    query(&all)
}

/// The keys as rows: `from unnest($1::bigint[]) keys(k1)`.
fn keys(tree: &QueryTree<'_>, row: RowId) -> String {
    let pairs = tree.rows[row].pairs;
    let arrays: Vec<String> = (1..)
        .zip(pairs)
        .map(|(place, pair)| format!("${place}::{}[]", tree.pg_type(row, &pair.child).cast_name()))
        .collect();
    let names: Vec<String> = (1..=pairs.len()).map(|place| format!("k{place}")).collect();
    format!("from unnest({}) keys({})", arrays.join(", "), names.join(", "))
}

/// Joins from a row's columns, whose values are at hand as `source`, to the root's key. Returns the columns
/// to print and what keeps them from being null.
fn walk(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    lines: &mut Vec<String>,
    from: RowId,
    source: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    match reach(tree, from) {
        Reach::Key(places) => {
            let printed: Vec<String> = places.iter().map(|place| source[*place].clone()).collect();
            let pairs = tree.rows[from].pairs;
            let nullable = pairs.iter().zip(&source).filter(|(pair, _)| tree.is_nullable(from, &pair.child));
            let conditions = nullable.map(|(_, column)| format!("{column} is not null")).collect();
            (printed, conditions)
        }
        Reach::Row { row, columns: names, .. } => {
            let joined = table(tree, aliases, row);
            let alias = aliases.of(tree, row);
            lines.push(format!("join {joined} on {}", equal(&columns(&alias, &names), &source)));
            if row == ROOT {
                let key = tree.index.key.iter().map(|name| column(&alias, name)).collect();
                return (key, Vec::new());
            }
            let next = columns(&alias, tree.rows[row].pairs.iter().map(|pair| &pair.child));
            walk(tree, aliases, lines, row, next)
        }
    }
}
