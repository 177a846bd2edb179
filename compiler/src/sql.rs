//! The SQL of a lock: one query per node of a document, the bound of a chunk, and the queries that lead from a
//! changed row to its documents.

mod aggregate;
mod alias;
mod fragments;
mod from;
mod key;
mod lateral;
mod node;
mod object;
mod order;
mod query_tree;
mod reach;
mod resolve;
mod segment;
mod value;

pub(crate) use key::cast_names as key_cast_names;
pub(crate) use node::node;
pub(crate) use order::{OrderPart, order_of};
pub(crate) use query_tree::{NodeContent, QueryNode, QueryTree, RowId};
pub(crate) use resolve::resolve;

use alias::Aliases;
use query_tree::ROOT;

/// What flusso's own SQL means: raised when a fixed bug changes the rows, values or order that an unchanged
/// config produces, so that `apply` refills indexes built before. A faster query of the same meaning does
/// not raise it.
///
/// 2: a line break inside a literal of `sql:`, `where` or `when` is no longer moved.
pub(crate) const RENDERING: u32 = 2;

/// The query of a chunk's upper bound: `$1` is the number of rows less one.
pub(crate) fn bound(tree: &QueryTree<'_>) -> String {
    let mut aliases = Aliases::default();
    let table = from::table(tree, &mut aliases, ROOT);
    let key = from::columns(&aliases.of(tree, ROOT), &tree.index.key);
    fragments::query(&[
        format!("select {}", key::texts(tree, &key).join(", ")),
        format!("from {table}"),
        format!("where {}", fragments::mark("range", &key)),
        format!("order by {}", key.join(", ")),
        "offset $1 limit 1".to_owned(),
    ])
}
