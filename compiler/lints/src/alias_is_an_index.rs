//! `alias-is-an-index`: an index has the name that an index of the project wants for its alias.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "alias-is-an-index",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "An index has the name that an index of the project wants for its alias.",
    why: "\
Queries go to an alias, which `flusso apply` points to the newest generation. A name is an index or an alias, never \
both, so apply would have to delete an index that it did not make, with everything in it. It stops instead. Set \
another `index_prefix` or `index`, or delete that index yourself if nobody needs it.",
    example: None,
};

/// An index has the name of the alias.
pub fn finding(alias: &str) -> Finding {
    LINT.live(format!("`{alias}` is an index, not an alias: apply would have to delete it"))
        .with_help("set another `index_prefix`, or delete that index yourself if nobody needs it")
}
