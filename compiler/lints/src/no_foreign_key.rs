//! `no-foreign-key`: nothing in the database says how two tables are linked.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "no-foreign-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Nothing in the database says how two tables are linked.",
    why: "\
Without a foreign key it is a guess which rows belong together, and a wrong guess fills documents with rows of others. \
Add the foreign key, or name the columns with `via`: one column that refers to the primary key, or pairs `{ referring: \
referred }`.",
    example: None,
};
