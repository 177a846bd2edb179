//! `publication-not-ours-to-change`: the role may not alter what it would have to.

use flusso_schemas::name::TableName;

use crate::prelude::*;
use crate::source::statements;

pub(crate) static LINT: Lint = Lint {
    name: "publication-not-ours-to-change",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "flusso would have to change a publication or table that its role does not own.",
    why: "\
With `publication` or `replica_identity` in `manage`, `flusso apply` alters the publication and the tables. \
Postgres lets only the owner do that. Let the owner run the statement once, or remove the word from `manage`: \
then `check` only reports what is missing.",
    example: None,
};

/// The publication does not exist, and the role may not create one in this database.
pub fn create(role: &str, publication: &str, database: &str) -> Finding {
    LINT.live(format!("role `{role}` cannot create publication `{publication}` in database `{database}`"))
        .about("server")
        .with_help(format!("run `{}`", statements::grant_create(database, role)))
}

/// The publication does not exist, and the role cannot create one for tables of other owners.
pub fn create_for(role: &str, publication: &str, foreign: &[&TableName], statement: &str) -> Finding {
    let names: Vec<String> = foreign.iter().map(ToString::to_string).collect();
    let tables = listed(&names, "and");
    let owned = if foreign.len() == 1 { "is owned" } else { "are owned" };
    LINT.live(format!(
        "role `{role}` cannot create publication `{publication}`: {tables} {owned} by another role"
    ))
    .about("server")
    .with_help(format!("let the owner of the tables, or a superuser, run `{statement}`"))
}

/// A table cannot be added to the publication, or changed in it.
pub fn member(role: &str, table: &TableName, publication: &str, statement: &str) -> Finding {
    of_table(
        table,
        format!("role `{role}` cannot add `{table}` to publication `{publication}`: it does not own both"),
        statement,
    )
}

/// The replica identity of a table cannot be set.
pub fn replica_identity(role: &str, table: &TableName, statement: &str) -> Finding {
    of_table(
        table,
        format!("role `{role}` cannot set the replica identity of `{table}`: it does not own the table"),
        statement,
    )
}

fn of_table(table: &TableName, message: String, statement: &str) -> Finding {
    LINT.live(message).about(format!("table:{table}")).with_help(format!("let the owner run `{statement}`"))
}
