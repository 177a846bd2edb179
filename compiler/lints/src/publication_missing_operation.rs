//! `publication-missing-operation`: the publication leaves operations out.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "publication-missing-operation",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The publication does not send every operation, so deleted rows would stay in documents.",
    why: "\
A publication made with `publish = 'insert, update'` sends no deletes and no truncates. A deleted row would \
stay in its document for ever, and no lag or error would show it.",
    example: None,
};

/// The publication does not send these operations.
pub fn finding(publication: &str, missing: &[&str], statement: &str) -> Finding {
    let missing = missing.join(", ");
    LINT.live(format!(
        "publication `{publication}` does not send {missing}: documents would miss these changes"
    ))
    .about("server")
    .with_help(format!("run `{statement}`"))
}
