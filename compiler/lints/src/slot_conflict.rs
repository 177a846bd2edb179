//! `slot-conflict`: the slot of that name is not ours.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "slot-conflict",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A replication slot has the name that the project uses, and it is not flusso's.",
    why: "\
Reading another consumer's slot would take its changes away from it, and a slot of another plugin or database \
cannot be read at all. Nothing is done to it. A slot of another database mostly means that the connection names the \
wrong one: a project that is pointed there would fill its indexes with other rows. Else give the project's slot \
another name.",
    example: None,
};

/// The slot decodes with another plugin, or is physical.
pub fn of_plugin(slot: &str, plugin: &str) -> Finding {
    LINT.live(format!("slot `{slot}` was not created by flusso: its plugin is `{plugin}`"))
        .about("server")
        .with_help("set `source.postgres.slot` to an unused name, then run `flusso compile`")
}

/// The slot belongs to another database than the one that a connection leads to.
pub fn of_database(slot: &str, database: &str, current: &str, connection: &str) -> Finding {
    LINT.live(format!(
        "slot `{slot}` belongs to database `{database}`, and the connection leads to database `{current}`"
    ))
    .about("server")
    .with_help(format!(
        "check that {connection} names database `{database}`; only if slot `{slot}` belongs to another project, set \
             `source.postgres.slot` to an unused name, then run `flusso compile`"
    ))
}
