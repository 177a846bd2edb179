//! Reads a query: it holds the marks of its place and no others.

use super::super::marks::{Mark, Piece, pieces};
use super::item::Item;
use super::problem::{Problem, Result};

/// Where a query stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In `bound`: `{range:…}`.
    Bound,
    /// In `resolve`: `{range:…}`.
    Resolve,
    /// In a node: `{rows:…}`.
    Node,
}

/// A query whose marks name as many columns as the document's key has.
pub(super) fn query(item: Item<'_>, place: Place, key_parts: usize) -> Result<String> {
    let at = item.at;
    let sql = item.string()?;
    let pieces = pieces(&sql).map_err(|error| Problem::new(at, error.to_string()))?;
    let mut marks = 0;
    for piece in &pieces {
        let Piece::Mark(mark) = piece else { continue };
        marks += 1;
        check(mark, place, key_parts).map_err(|message| Problem::new(at, message))?;
    }
    if marks == 0 {
        let mark = match place {
            Place::Node => "{rows:…}",
            Place::Bound | Place::Resolve => "{range:…}",
        };
        return Err(Problem::new(at, format!("the query holds no `{mark}`, so it cannot be bounded")));
    }
    Ok(sql)
}

fn check(mark: &Mark<'_>, place: Place, key_parts: usize) -> std::result::Result<(), String> {
    match (mark, place) {
        (Mark::Rows(_), Place::Bound | Place::Resolve) => Err("a `{rows:…}` stands in nodes only".to_owned()),
        (Mark::Range(_), Place::Node) => Err("a `{range:…}` stands in `bound` and `resolve` only".to_owned()),
        _ if mark.columns().len() != key_parts => {
            let columns = mark.columns().join(", ");
            Err(format!("the mark over `{columns}` has not one column for each part of the document's key"))
        }
        _ => Ok(()),
    }
}
