//! `ambiguous-foreign-key`: two tables can be joined in more than one way, and the file does not say which.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "ambiguous-foreign-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "Two tables can be joined in more than one way, and the file does not say which.",
    why: "\
An order with a billing and a shipping address refers to `addresses` twice. Either way gives documents that look \
right, and the wrong one shows rows of another relation. Name the columns with `via`; where both tables have a column \
of that name, write the pair `via: { referring: referred }`.",
    example: None,
};
