//! Conditions that no row can meet: tests of one column that leave no value, alone or together.
//!
//! It judges only what is certain. Order is known for numbers, dates, moments, booleans, labels and UUIDs;
//! texts are compared for equality only, because their order depends on a collation.

use std::collections::BTreeMap;

use flusso_lints::always_false_filter;

use super::Checker;
use super::column::{described, type_of};
use super::possible::Possible;
use crate::condition::Condition;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;

/// What is left of each column that is tested.
type Left = BTreeMap<String, Possible>;

impl Checker<'_> {
    /// Reports parts that cannot all hold.
    pub(super) fn can_hold<'c>(
        &mut self,
        parts: impl Iterator<Item = (&'c Condition, Option<Place>)>,
        table: &Table,
    ) -> Option<()> {
        let mut parts: Vec<(&Condition, Option<Place>)> = parts.collect();
        // Unconditional tests come first, so that alternatives are checked against all of them.
        parts.sort_by_key(|(part, _)| matches!(part, Condition::Any(_)));
        let mut left = Left::new();
        for (part, place) in parts {
            let Some(column) = narrow(part, table, &mut left).err() else { continue };
            let place = place.unwrap_or_else(|| Place::new(self.file, 0..0));
            let diagnostic = self.never_holds(&column, place, part, table);
            self.push(diagnostic);
            return None;
        }
        Some(())
    }

    fn never_holds(&self, column: &str, place: Place, part: &Condition, table: &Table) -> Diagnostic {
        let is_null_test = matches!(part, Condition::Column { test: crate::condition::Test::Null, .. });
        let note = table.column(column).map(|facts| described(&self.short(&table.name), facts));
        match is_null_test {
            true => always_false_filter::never_null(column, note, place),
            false => always_false_filter::contradiction(column, note, place),
        }
    }
}

/// Removes the values that a part excludes; the error is a column without any value left.
fn narrow(part: &Condition, table: &Table, left: &mut Left) -> Result<(), String> {
    match part {
        Condition::All(parts) => parts.iter().try_for_each(|part| narrow(part, table, left)),
        Condition::Any(parts) => any(parts, table, left),
        Condition::Column { column, test, .. } => {
            let possible = of_column(column, table, left);
            possible.keep(test);
            if possible.is_empty() { Err(column.clone()) } else { Ok(()) }
        }
        Condition::Not(inner) => match inner.as_ref() {
            Condition::Column { column, test, .. } => {
                let possible = of_column(column, table, left);
                possible.keep_others(test);
                if possible.is_empty() { Err(column.clone()) } else { Ok(()) }
            }
            _ => Ok(()),
        },
        Condition::Sql(_) => Ok(()),
    }
}

/// Alternatives fail together only where each of them does.
fn any(parts: &[Condition], table: &Table, left: &Left) -> Result<(), String> {
    let mut failed = None;
    for part in parts {
        match narrow(part, table, &mut left.clone()) {
            Ok(()) => return Ok(()),
            Err(column) => failed = Some(column),
        }
    }
    failed.map_or(Ok(()), Err)
}

fn of_column<'l>(column: &str, table: &Table, left: &'l mut Left) -> &'l mut Possible {
    left.entry(column.to_owned()).or_insert_with(|| match table.column(column) {
        Some(facts) => Possible::of(&type_of(table, facts), !facts.not_null),
        None => Possible::anything(),
    })
}
