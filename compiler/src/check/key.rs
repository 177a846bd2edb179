//! The document's key: columns that are unique, never null and of a type whose text is unique too.
//!
//! Rule *key-identity* of docs/correctness.md.

use super::Checker;
use super::column::type_of;
use crate::diagnostic::Place;
use crate::model::Table;
use crate::pg_type::{BaseType, PgType};
use crate::syntax::index::ParsedIndex;
use flusso_lints::{missing_primary_key, non_unique_key, nullable_key, unsupported_key};

impl Checker<'_> {
    /// Names of the key's columns.
    pub(super) fn key(&mut self, index: &ParsedIndex, table: &Table) -> Option<Vec<String>> {
        if !table.may_have_keys() {
            return None;
        }
        let (columns, places) = match &index.key {
            Some(written) => self.written_key(written, table)?,
            None => {
                let place = index.table.as_ref()?.place.clone();
                let Some(columns) = table.primary_key() else {
                    self.push(missing_primary_key::finding(&self.short(&table.name), place));
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
            self.push(non_unique_key::finding(&self.short(&table.name), &names, places[0].clone()));
            return None;
        }
        Some((columns, places))
    }

    fn key_column(&mut self, table: &Table, name: &str, place: &Place, parts: usize) -> bool {
        let column = table.column(name).expect("it was looked up before");
        let short = self.short(&table.name);
        if !column.not_null {
            self.push(nullable_key::finding(&table.name, &short, name, place.clone()));
            return false;
        }
        let pg_type = type_of(table, column);
        let Some(why) = unsupported(&pg_type, parts) else { return true };
        self.push(unsupported_key::finding(&short, name, &pg_type.to_string(), why, place.clone()));
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
        B::Numeric(_) => Some("prints one number in different ways"),
        B::Boolean if parts > 1 => None,
        B::Boolean => Some("has two values only"),
        B::Text | B::Varchar(_) | B::Name if pg_type.collation_deterministic => None,
        B::Text | B::Varchar(_) | B::Name | B::Citext | B::Char => {
            Some("treats different texts as equal, so stale documents would stay")
        }
        B::Real | B::Double => Some("is not exact"),
        _ => Some("has no stable text form"),
    }
}
