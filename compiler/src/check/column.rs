//! Columns: found by their exact name, or said to be missing with what comes near.

use flusso_schemas::facts::ColumnFacts;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::Table;
use crate::pg_type::PgType;
use crate::syntax::field::snake_case;
use crate::syntax::habits;
use crate::syntax::keys::{At, listed};

/// Most columns that a note names.
const NAMED_MAX: usize = 8;

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
        let short = self.short(&table.name);
        let wanted = name.value.as_str();
        if let Some(same) = spelt_alike(table, wanted) {
            let message =
                format!("`{short}` has no column `{wanted}`; `{same}` differs only in how it is spelt");
            return Diagnostic::deny("unknown-column", name.place.clone(), message)
                .help(format!("write `{same}`"))
                .fix(name.place.clone(), same);
        }
        let message = format!("`{short}` has no column `{wanted}`{so}");
        let diagnostic = Diagnostic::deny("unknown-column", name.place.clone(), message);
        let near = habits::close(wanted, table.facts.columns.iter().map(|column| column.name.as_str()));
        let diagnostic = diagnostic.note(columns_note(table, &near));
        match near.as_slice() {
            [] => diagnostic.help("name one of its columns"),
            [one] => diagnostic.help(format!("write `{one}`")).unsafe_fix(name.place.clone(), *one),
            near => diagnostic.help(format!("write {}", listed(near, "or"))),
        }
    }

    /// A field whose column has another name than its key: the help keeps the document's key.
    pub(super) fn column_of_field<'t>(
        &mut self,
        table: &'t Table,
        key: &At<String>,
        column: &str,
        kind: &str,
    ) -> Option<&'t ColumnFacts> {
        if let Some(found) = table.column(column) {
            return Some(found);
        }
        let short = self.short(&table.name);
        let named = |name: &str| format!("`{}: {{ kind: {kind}, column: {name} }}`", key.value);
        if let Some(same) = spelt_alike(table, column) {
            let message =
                format!("`{short}` has no column `{column}`; `{same}` differs only in how it is spelt");
            let help = match snake_case(&key.value) == same {
                true => format!(
                    "write {}, or `column_case: snake` at the top where all keys are so",
                    named(&same)
                ),
                false => format!("write {}", named(&same)),
            };
            self.push(Diagnostic::deny("unknown-column", key.place.clone(), message).help(help));
            return None;
        }
        let message =
            format!("`{short}` has no column `{column}`, so field `{}` cannot be filled", key.value);
        let near = habits::close(column, table.facts.columns.iter().map(|column| column.name.as_str()));
        let diagnostic =
            Diagnostic::deny("unknown-column", key.place.clone(), message).note(columns_note(table, &near));
        self.push(match near.first() {
            Some(one) => diagnostic
                .help(format!("write `{one}`, or {} to keep the document's key", named(one)))
                .unsafe_fix(key.place.clone(), *one),
            None => diagnostic.help(format!("name the column that fills it: {}", named("…"))),
        });
        None
    }
}

/// `columns: a, b and 9 others`, those that come near first.
pub(super) fn columns_note(table: &Table, near: &[&str]) -> String {
    let rest =
        table.facts.columns.iter().map(|column| column.name.as_str()).filter(|name| !near.contains(name));
    let named: Vec<&str> = near.iter().copied().chain(rest).take(NAMED_MAX).collect();
    let more = table.facts.columns.len().saturating_sub(named.len());
    match more {
        0 => format!("columns: {}", listed(&named, "and")),
        more => format!("columns: {} and {more} more", listed(&named, ",").replace("` , `", "`, `")),
    }
}

/// A column that is the same but for case and underscores.
fn spelt_alike(table: &Table, wanted: &str) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let mut alike = table.facts.columns.iter().filter(|column| plain(&column.name) == plain(wanted));
    let first = alike.next()?;
    alike.next().is_none().then(|| first.name.clone())
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
