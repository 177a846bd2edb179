//! The document's key: columns that are unique, never null and of a type whose text is unique too.
//!
//! Rule *key-identity* of docs/correctness.md.

use super::Checker;
use super::column::type_of;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::pg_type::{BaseType, PgType};
use crate::syntax::index::Index;
use flusso_lints::source::quote::{identifier, quoted};
use flusso_lints::words::listed;

impl Checker<'_> {
    /// Names of the key's columns.
    pub(super) fn key(&mut self, index: &Index, table: &Table) -> Option<Vec<String>> {
        if !table.may_have_keys() {
            return None;
        }
        let short = self.short(&table.name);
        let (columns, places) = match &index.key {
            Some(written) => self.written_key(written, table)?,
            None => {
                let place = index.table.as_ref()?.place.clone();
                let Some(columns) = table.primary_key() else {
                    let message = format!("`{short}` has no primary key, so its documents have no `_id`");
                    let help = "add a primary key, or write `key` with columns that are unique and not null";
                    self.push(Diagnostic::deny("missing-primary-key", place, message).help(help));
                    return None;
                };
                let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
                let places = vec![place; columns.len()];
                (columns, places)
            }
        };
        let mut holds = true;
        for (column, place) in columns.iter().zip(&places) {
            holds &= self.key_column(table, column, place, columns.len());
        }
        holds.then_some(columns)
    }

    fn written_key(
        &mut self,
        written: &[crate::syntax::keys::At<String>],
        table: &Table,
    ) -> Option<(Vec<String>, Vec<Place>)> {
        let found: Vec<bool> = written
            .iter()
            .map(|name| self.column(table, name, ", so its documents have no `_id`").is_some())
            .collect();
        if found.is_empty() || found.contains(&false) {
            return None;
        }
        let columns: Vec<String> = written.iter().map(|name| name.value.clone()).collect();
        let places: Vec<Place> = written.iter().map(|name| name.place.clone()).collect();
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        if !table.is_unique_on(&names) {
            let short = self.short(&table.name);
            let message = format!(
                "two rows of `{short}` may have the same {}, and would overwrite each other",
                listed(&names, "and")
            );
            self.push(
                Diagnostic::deny("non-unique-key", places[0].clone(), message)
                    .note(format!("no unique index of `{short}` that is checked at once covers it"))
                    .help("name columns that a unique index covers"),
            );
            return None;
        }
        Some((columns, places))
    }

    fn key_column(&mut self, table: &Table, name: &str, place: &Place, parts: usize) -> bool {
        let column = table.column(name).expect("it was looked up before");
        let short = self.short(&table.name);
        if !column.not_null {
            let message = format!("`{short}.{name}` can be null, and a row without a key has no document");
            let help = format!(
                "run `alter table {} alter column {} set not null`",
                quoted(&table.name),
                identifier(name)
            );
            self.push(Diagnostic::deny("nullable-key", place.clone(), message).help(help));
            return false;
        }
        let pg_type = type_of(table, column);
        let Some(why) = unsupported(&pg_type, parts) else { return true };
        let message = format!("`{short}.{name}` cannot be a key: `{pg_type}` {why}");
        self.push(
            Diagnostic::deny("unsupported-key", place.clone(), message)
                .help("write `key` with another unique column"),
        );
        false
    }
}

/// Why a type cannot be a key, or a part of one.
fn unsupported(pg_type: &PgType, parts: usize) -> Option<&'static str> {
    use BaseType as B;
    if pg_type.array {
        return Some("is a list");
    }
    if !pg_type.has_equality() {
        return Some("has no equality, by which a document's row is found");
    }
    match &pg_type.base {
        B::Smallint | B::Integer | B::BigInt | B::Oid | B::Uuid | B::Date | B::Timestamp | B::TimestampTz => {
            None
        }
        B::Bytea | B::Inet | B::Enum { .. } => None,
        B::Numeric(Some(shape)) if shape.scale == 0 => None,
        B::Numeric(_) => Some("has several texts for one number"),
        B::Boolean if parts > 1 => None,
        B::Boolean => Some("has two values only"),
        B::Text | B::Varchar(_) | B::Name if pg_type.collation_deterministic => None,
        B::Text | B::Varchar(_) | B::Name | B::Citext | B::Char => {
            Some("takes different texts for equal, so stale documents would stay")
        }
        B::Real | B::Double => Some("is not exact"),
        _ => Some("has no text that is always the same"),
    }
}
