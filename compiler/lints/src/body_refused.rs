//! `body-refused`: openSearch refuses the settings or the mapping of an index.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "body-refused",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "OpenSearch refuses the settings or the mapping of an index.",
    why: "\
The body was sent to the server in a form that creates nothing, and the server said no: an analyzer that has no \
definition, a plugin that is not installed, a value out of range. `flusso apply` could not create the index. The \
finding holds the server's reason; correct the setting or the option that it names.",
    example: None,
};
