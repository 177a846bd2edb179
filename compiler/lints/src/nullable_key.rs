//! `nullable-key`: a column of the key can be null.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "nullable-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A column of the key can be null.",
    why: "\
A row whose key is null has no `_id`, so it cannot have a document, and it would be missing from the index without a \
word. Set the column NOT NULL, or name another key.",
    example: None,
};
