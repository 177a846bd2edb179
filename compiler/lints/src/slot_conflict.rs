//! `slot-conflict`: the slot of that name is not ours.

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
    name: "slot-conflict",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A replication slot has the name that the project uses, and it is not flusso's.",
    why: "\
Reading another consumer's slot would take its changes away from it, and a slot of another plugin or database \
cannot be read at all. Nothing is done to it. Give the project's slot another name.",
    example: None,
};

/// The slot decodes with another plugin, or is physical.
pub fn of_plugin(slot: &str, plugin: &str) -> Finding {
    finding(format!("slot `{slot}` was not created by flusso: its plugin is `{plugin}`"))
}

/// The slot belongs to another database.
pub fn of_database(slot: &str, database: &str) -> Finding {
    finding(format!("slot `{slot}` belongs to database `{database}`, so it cannot be read here"))
}

fn finding(message: String) -> Finding {
    LINT.live(message)
        .about("server")
        .with_help("set `source.postgres.slot` to a name that is free, then run `flusso compile`")
}
