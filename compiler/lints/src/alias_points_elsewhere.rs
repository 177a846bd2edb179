//! `alias-points-elsewhere`: an alias of the project points to an index that is not the live generation.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "alias-points-elsewhere",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Drift,
    summary: "An alias of the project points to an index that is not the live generation.",
    why: "\
Queries read what the alias points to: another project's index, or an earlier index that is no longer updated. Moving \
the alias would break the applications that use that index, or lead them to the rows of another database, so apply stops. \
Point the alias back, set another `index_prefix`, or say with `flusso apply --accept-new-source` that the project \
moved to another database.",
    example: None,
};
