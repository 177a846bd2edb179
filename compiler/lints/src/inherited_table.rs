//! `inherited-table`: rows of other tables show in this one.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "inherited-table",
    level: Level::Deny,
    adjustable: false,
    group: Group::Capture,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A captured table takes part in table inheritance, so rows appear in it that change without an event.",
    why: "\
Rows of a child appear when the parent is read, but their changes are sent under the child's name. Documents \
would be built from rows whose changes nobody sees, and publishing the parent can make the application's \
UPDATE on a child fail.",
    example: None,
};

/// The table inherits from another one.
pub fn child(table: &TableName) -> Finding {
    of(
        table,
        format!("`{table}` inherits from another table, so changes of its rows are not all its own"),
        "name a table without inheritance, or end the inheritance with `alter table … no inherit …`"
            .to_owned(),
    )
}

/// Rows of these children appear in the table.
pub fn parent(table: &TableName, children: &[&str]) -> Finding {
    let message = format!(
        "rows of {} appear in `{table}` by inheritance, and they change without an event",
        listed(children, "and")
    );
    of(
        table,
        message,
        format!(
            "index {} separately, or end the inheritance with `alter table … no inherit …`",
            listed(children, "and")
        ),
    )
}

fn of(table: &TableName, message: String, help: String) -> Finding {
    LINT.live(message).about(format!("table:{table}")).with_help(help)
}
