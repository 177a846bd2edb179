//! A query holds the marks of its place and no others.

use super::super::marks::{Mark, Piece, pieces};
use super::problem::{Problem, Result};

/// Where a query is.
#[derive(Clone, Copy)]
pub(super) enum QueryKind {
    /// In `bound`, where `{range:…}` is expected.
    Bound,
    /// In `resolve`, where `{range:…}` is expected.
    Resolve,
    /// In a node: `{rows:…}`.
    Node,
}

/// Checks that the marks of a query name as many columns as the document's key has.
pub(super) fn check_query(sql: &str, kind: QueryKind, key_parts: usize, at: usize) -> Result<()> {
    let pieces = pieces(sql).map_err(|error| Problem::new(at, error.to_string()))?;
    let mut marks = 0;
    for piece in &pieces {
        let Piece::Mark(mark) = piece else { continue };
        marks += 1;
        check_mark(mark, kind, key_parts).map_err(|message| Problem::new(at, message))?;
    }
    if marks > 0 {
        return Ok(());
    }
    let mark = match kind {
        QueryKind::Node => "{rows:…}",
        QueryKind::Bound | QueryKind::Resolve => "{range:…}",
    };
    Err(Problem::new(at, format!("the query has no `{mark}`, so it cannot be bounded")))
}

fn check_mark(mark: &Mark<'_>, kind: QueryKind, key_parts: usize) -> std::result::Result<(), String> {
    match (mark, kind) {
        (Mark::Rows(_), QueryKind::Bound | QueryKind::Resolve) => Err("`{rows:…}` outside a node".to_owned()),
        (Mark::Range(_), QueryKind::Node) => Err("`{range:…}` outside `bound` and `resolve`".to_owned()),
        _ if mark.columns().len() != key_parts => {
            let columns = mark.columns().join(", ");
            Err(format!(
                "the mark over `{columns}` does not have one column for each part of the document's key"
            ))
        }
        _ => Ok(()),
    }
}
