//! Whether an expression always gives the same value for the same row, in any session and at any time, and has no side effect.
//!
//! The server decides. Its planner folds `x is null and x is not null` to false only where every function,
//! operator and cast of `x`, as it has resolved them, is immutable. What is not immutable is allowed where
//! the catalog knows each name it calls, and each depends on nothing but settings that every session pins.
//! A constant that is read from the clock, as `'today'` is, is found by planning under two clocks.

mod catalog;
mod clocks;
mod pinned;

use flusso_lints::{sql_expression_invalid, sql_expression_unstable};
use flusso_schemas::facts::{Ask, Clock, ProbeError};

use super::Checker;
use super::column::type_of;
use super::pattern;
use super::probe::ROW;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::sql_text::{SqlText, UsedNames};
use catalog::{UnstableCast, Used};

impl<'a> Checker<'a> {
    /// Whether an expression is stable; reports the reasons if it is not.
    pub(super) fn is_stable(&mut self, bound: &SqlText, place: &Place, table: &Table) -> bool {
        let found = self.instability(bound, place, table);
        let is_stable = found.is_none();
        self.diagnostics.extend(found);
        is_stable
    }

    fn instability(&mut self, bound: &SqlText, place: &Place, table: &Table) -> Option<Diagnostic> {
        // All questions are asked before any answer is used, so one round of probes is enough.
        let names = bound.names();
        let [prepared, folded] = self.folded(bound, table);
        let clocks = self.planned_twice(bound, table);
        let functions = self.functions(names);
        let operators = self.operators(names);
        let casts = self.casts();
        let of_names = self.types_of_names(names);
        if let Some(column) = names.system_columns.first() {
            return Some(sql_expression_unstable::system_column(column, place.clone()));
        }
        if let Some(word) = names.session_words.first() {
            return Some(sql_expression_unstable::reads_outside(word, place.clone()));
        }
        if let Some(found) =
            unmatched(bound, place, table).or_else(|| pattern::in_expression(bound, place, table))
        {
            return Some(found);
        }
        let (prepared, folded) = (prepared?, folded?);
        let is_immutable = match folded {
            Ok(lines) => lines.iter().any(|line| line.contains("One-Time Filter: false")),
            Err(error) => {
                // An expression that cannot be prepared is reported where it is; a missing privilege at the table.
                let is_constants = prepared.is_ok() && error.sqlstate.starts_with("22");
                return is_constants.then(|| self.refused(error, place, table));
            }
        };
        let named = functions.iter().chain(&operators);
        let found = named.clone().find_map(|called| called.objection(is_immutable, place));
        if found.is_some() {
            return found;
        }
        if !is_immutable {
            let (casts, of_names) = match casts.and_then(|casts| Ok((casts, of_names?))) {
                Ok(both) => both,
                // Whatever the catalog does not answer counts as volatile.
                Err(error) => {
                    return Some(sql_expression_unstable::unknown_casts(&error.message, place.clone()));
                }
            };
            let used = used(names, of_names, bound, table);
            if let Some(cast) = casts.iter().find(|cast| cast.is_among(&used)) {
                return Some(cast.finding(place));
            }
        }
        let [behind, ahead] = clocks?;
        clocks::difference(behind, ahead, is_immutable).map(|what| what.diagnostic(place))
    }

    /// Whether the expression can be prepared, and the plan of a contradiction over it.
    fn folded(&mut self, bound: &SqlText, table: &Table) -> [Option<&'a Result<Vec<String>, ProbeError>>; 2] {
        let expression = bound.sql(ROW);
        let prepared = self.prepared(bound, table);
        // `is null` looks into a value of several columns; a count of its values does not.
        let contradiction = format!(
            "select from {} {ROW} where num_nonnulls(({expression})) is null and num_nonnulls(({expression})) is not null",
            table.name
        );
        [prepared, self.probes.ask(Ask::Plan(Clock::Behind), contradiction, self.search_path.clone())]
    }

    /// The plans of an expression under two clocks, where a constant of it or a function could read them.
    fn planned_twice(&mut self, bound: &SqlText, table: &Table) -> Option<[&'a [String]; 2]> {
        let names = bound.names();
        if names.constants.is_empty() && names.calls.is_empty() {
            return Some([&[], &[]]);
        }
        let sql = format!("select ({}) from {} {ROW}", bound.sql(ROW), table.name);
        let path = self.search_path.clone();
        let plans = [Clock::Behind, Clock::Ahead]
            .map(|clock| self.probes.ask(Ask::Plan(clock), sql.clone(), path.clone()));
        let [Some(Ok(behind)), Some(Ok(ahead))] = plans else { return None };
        Some([behind, ahead])
    }
}

impl Checker<'_> {
    /// Whether a row type's value becomes JSON by nothing that may change: `to_json` looks for casts to `json`.
    pub(super) fn json_is_stable(&mut self, made_of: &[String], place: &Place) -> bool {
        let found = match self.casts() {
            Ok(casts) => {
                let is_made = |cast: &&UnstableCast| cast.target == "json" && made_of.contains(&cast.source);
                casts.iter().find(is_made).map(|cast| cast.finding(place))
            }
            Err(error) => Some(sql_expression_unstable::unknown_casts(&error.message, place.clone())),
        };
        let is_stable = found.is_none();
        self.diagnostics.extend(found);
        is_stable
    }
}

/// What comes up in an expression: types that it casts to, those of what its columns and calls give, and those
/// that these are made of.
fn used(names: &UsedNames, of_names: &[String], bound: &SqlText, table: &Table) -> Used {
    let columns = bound.columns();
    let of_columns = columns.iter().filter_map(|name| table.column(name));
    let of_columns = of_columns.flat_map(|column| {
        let made_of = column.made_of.iter().flatten().cloned();
        [type_of(table, column).base_name].into_iter().chain(made_of)
    });
    let targets: Vec<String> = catalog::targets(names).into_iter().chain(of_names.iter().cloned()).collect();
    Used { values: of_columns.chain(targets.iter().cloned()).collect(), targets }
}

/// What Postgres refuses over a nondeterministic collation, at the first row and not before.
const MATCHES: &[&str] = &[
    "position",
    "regexp_match",
    "regexp_replace",
    "regexp_split_to_array",
    "replace",
    "split_part",
    "starts_with",
    "string_to_array",
    "strpos",
    "substring",
];

/// A pattern match on text with a nondeterministic collation.
fn unmatched(bound: &SqlText, place: &Place, table: &Table) -> Option<Diagnostic> {
    let columns = bound.columns();
    let mut read = columns.iter().filter_map(|name| table.column(name));
    let column = read.find(|column| !column.collation_deterministic)?;
    let names = bound.names();
    let is_searched = names.keywords.iter().any(|word| ["like", "ilike", "similar"].contains(&word.as_str()))
        || names.operators.iter().any(|operator| operator.contains('~'))
        || names.calls.iter().any(|call| MATCHES.contains(&call.name.as_str()));
    if !is_searched || names.keywords.contains("collate") {
        return None;
    }
    Some(sql_expression_invalid::nondeterministic_collation(&column.name, place.clone()))
}
