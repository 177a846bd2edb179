//! `wrong-direction`: a relation goes from one table to another, and the foreign key goes the other way.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "wrong-direction",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A relation goes from one table to another, and the foreign key goes the other way.",
    why: "\
`belongs_to` follows a foreign key of the row itself, and `has_many` one of the other table. The wrong verb would \
promise one row where there are many, or a list where there is never more than one. Write the verb that the foreign \
key fits.",
    example: None,
};
