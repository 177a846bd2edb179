//! `missing-select-privilege`: the role may not read a table.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::statements;

/// Public because an expression that was refused for want of this privilege is not reported again.
pub static LINT: Lint = Lint {
    name: "missing-select-privilege",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "The role of the connection may not read a captured table.",
    why: "\
Reading needs SELECT on the whole table: each read locks it in ACCESS SHARE mode first, and a grant by column \
does not allow that. It also needs USAGE on the schema.",
    example: None,
};

/// The role lacks USAGE on the schema, and SELECT too unless it `may_read` the table.
pub fn schema(role: &str, table: &TableName, may_read: bool) -> Finding {
    let usage = statements::grant_usage(table.schema.as_str(), role);
    match may_read {
        true => of(role, table, &usage),
        false => of(role, table, &format!("{usage}; {}", statements::grant_select(table, role))),
    }
}

/// The role lacks SELECT on the table.
pub fn table(role: &str, table: &TableName) -> Finding {
    of(role, table, &statements::grant_select(table, role))
}

fn of(role: &str, table: &TableName, grant: &str) -> Finding {
    LINT.live(format!("role `{role}` may not read `{table}`, so no document can be built from it"))
        .about(format!("table:{table}"))
        .with_help(format!("run `{grant}`"))
}
