//! Columns: found by their exact name, or said to be missing with what comes near.

use flusso_lints::unknown_column::{self, Missing};
use flusso_schemas::facts::ColumnFacts;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::Table;
use crate::pg_type::PgType;
use crate::syntax::field::snake_case;
use crate::syntax::keys::At;

impl Checker<'_> {
    /// A column, or the finding that it is not there; `so` says what follows from that.
    pub(super) fn column<'t>(
        &mut self,
        table: &'t Table,
        name: &At<String>,
        so: &str,
    ) -> Option<&'t ColumnFacts> {
        let found = table.column(&name.value);
        if found.is_none() {
            let diagnostic = self.unknown_column(table, name, so);
            self.push(diagnostic);
        }
        found
    }

    fn unknown_column(&self, table: &Table, name: &At<String>, so: &str) -> Diagnostic {
        let (short, columns) = (self.short(&table.name), names(table));
        unknown_column::named(missing(&short, &columns, &name.value), name.place.clone(), so)
    }

    /// A field whose column has another name than its key: the help keeps the document's key.
    pub(super) fn column_of_field<'t>(
        &mut self,
        table: &'t Table,
        key: &At<String>,
        column: &str,
        kind: &str,
    ) -> Option<&'t ColumnFacts> {
        let found = table.column(column);
        if found.is_none() {
            let (short, columns) = (self.short(&table.name), names(table));
            let missing = missing(&short, &columns, column);
            self.push(unknown_column::of_field(missing, &key.value, kind, snake_case, key.place.clone()));
        }
        found
    }
}

/// The columns of a table, in the catalog's order.
pub(super) fn names(table: &Table) -> Vec<&str> {
    table.facts.columns.iter().map(|column| column.name.as_str()).collect()
}

/// A column that a table lacks, as its lint takes it.
pub(super) fn missing<'a>(table: &'a str, columns: &'a [&'a str], column: &'a str) -> Missing<'a> {
    Missing { table, columns, column }
}

/// The type of a table's column.
pub(super) fn type_of(table: &Table, column: &ColumnFacts) -> PgType {
    PgType::of_column(column, table.facts.enums.as_ref())
}

/// A column as a note says it: its type and whether it can be null.
pub(super) fn described(short: &str, column: &ColumnFacts) -> String {
    let null = if column.not_null { "not null" } else { "nullable" };
    format!("`{short}.{}` is `{}`, {null}", column.name, column.pg_type)
}
