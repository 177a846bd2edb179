//! The root's key: how its parts are printed, and the types that texts of it are cast to.

use crate::pg_type::{BaseType, PgType};

use super::query_tree::{QueryTree, ROOT};
use super::reach::{Reach, reach};

/// The types that the texts of a key are cast to, one a part.
///
/// A changed row may hold a number that no key can be, where its column is wider than the key's: its text is
/// compared in the wider type, because the cast to the narrower one is an error.
pub(crate) fn cast_names(tree: &QueryTree<'_>) -> Vec<String> {
    let mut types: Vec<PgType> = tree.index.key.iter().map(|name| tree.pg_type(ROOT, name)).collect();
    for row in ROOT + 1..tree.rows.len() {
        let Reach::Key(places) = reach(tree, row) else { continue };
        for (part, place) in types.iter_mut().zip(places) {
            let navigation = tree.pg_type(row, &tree.rows[row].pairs[place].child);
            if width(&navigation) > width(part) {
                *part = navigation;
            }
        }
    }
    types.iter().map(PgType::cast_name).collect()
}

/// Order of the integers by what they hold; other types have one width.
fn width(pg_type: &PgType) -> u8 {
    match pg_type.base {
        BaseType::Integer => 1,
        BaseType::BigInt => 2,
        _ => 0,
    }
}

/// A key's parts as text, exactly as the stream of changes prints them.
///
/// It calls the types' output functions. So does [`PgType::output`], but for these two: their cast to text
/// gives `true` for `t`, and an address a mask that it does not have.
pub(crate) fn texts(tree: &QueryTree<'_>, columns: &[String]) -> Vec<String> {
    let text = |(name, column): (&String, &String)| match tree.pg_type(ROOT, name).base {
        BaseType::Boolean | BaseType::Inet => format!("concat({column})"),
        _ => tree.pg_type(ROOT, name).output(column),
    };
    tree.index.key.iter().zip(columns).map(text).collect()
}
