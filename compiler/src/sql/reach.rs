//! How far a join must be followed towards the root.
//!
//! Within a class whose equality is identity of text a row may be jumped over where both of its joins use
//! the same columns: a row that references the one also references the other.

use crate::pg_type::IdentityClass;

use super::query_tree::{QueryTree, ROOT, RowId};

/// What a row's join columns are equal to.
#[derive(Debug)]
pub(crate) enum Reach {
    /// The root's key: for each part of it the place of the pair.
    Key(Vec<usize>),
    /// Columns of a row, one a pair.
    Row {
        row: RowId,
        columns: Vec<String>,
        /// Whether the text of the columns is that of the row's own.
        is_same_text: bool,
    },
}

/// What the join columns of a row are equal to, as near to the root as their types allow.
pub(crate) fn reach(tree: &QueryTree<'_>, from: RowId) -> Reach {
    let start = &tree.rows[from];
    let mut row = start.parent.expect("only the root has no parent");
    let mut columns: Vec<String> = start.pairs.iter().map(|pair| pair.parent.clone()).collect();
    if classes(tree, from).is_none() {
        return Reach::Row { row, columns, is_same_text: false };
    }
    loop {
        let key = &tree.index.key;
        if let (true, true, Some(places)) = (row == ROOT, key.len() == columns.len(), places(key, &columns)) {
            return Reach::Key(places);
        }
        let Some(next) = jumped(tree, row, &columns) else {
            return Reach::Row { row, columns, is_same_text: true };
        };
        columns = next;
        row = tree.rows[row].parent.expect("the root is never jumped over");
    }
}

/// The columns of the parent that these columns of a row equal, where they are the ones it is joined by.
fn jumped(tree: &QueryTree<'_>, row: RowId, columns: &[String]) -> Option<Vec<String>> {
    let pairs = tree.rows[row].pairs;
    classes(tree, row)?;
    if pairs.len() != columns.len() {
        return None;
    }
    let parent_of = |column: &String| Some(pairs.iter().find(|pair| pair.child == *column)?.parent.clone());
    columns.iter().map(parent_of).collect()
}

/// The classes of a row's pairs, where each pair is within one.
fn classes(tree: &QueryTree<'_>, row: RowId) -> Option<Vec<IdentityClass>> {
    let parent = tree.rows[row].parent?;
    let class = |pair: &crate::model::Pair| {
        let child = tree.pg_type(row, &pair.child).identity_class()?;
        (tree.pg_type(parent, &pair.parent).identity_class()? == child).then_some(child)
    };
    tree.rows[row].pairs.iter().map(class).collect()
}

/// For each wanted name its place among these.
fn places(wanted: &[String], names: &[String]) -> Option<Vec<usize>> {
    wanted.iter().map(|name| names.iter().position(|each| each == name)).collect()
}
