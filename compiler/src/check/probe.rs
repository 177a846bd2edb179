//! Expressions that the server checks: it prepares them and reports their types or their errors.

use std::collections::{BTreeMap, BTreeSet};

use flusso_lints::{filter_type_mismatch, sql_expression_invalid, unknown_column};
use flusso_schemas::facts::{Ask, Probe, ProbeError, ProbeOutcome, Question};

use super::Checker;
use super::column::{missing, names};
use crate::condition::Condition;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::pg_type::PgType;
use crate::sql_text::SqlText;

/// What the row is called in a probe: a name that no user writes, so that `t.price` is refused.
pub(super) const ROW: &str = "flusso_row";

/// Answers by the question.
pub(crate) type Outcomes<'a> = BTreeMap<Question, &'a Result<Vec<String>, ProbeError>>;

/// The answers to a list of probes.
pub(crate) fn outcomes<'a>(probes: &[Probe], answers: &'a [ProbeOutcome]) -> Outcomes<'a> {
    let questions: BTreeMap<usize, &Question> =
        probes.iter().map(|probe| (probe.id, &probe.question)).collect();
    let answered = |answer: &'a ProbeOutcome| Some(((*questions.get(&answer.id)?).clone(), &answer.result));
    answers.iter().filter_map(answered).collect()
}

/// The questions for the server in one run.
pub(super) struct Probes<'a> {
    outcomes: &'a Outcomes<'a>,
    asked: Vec<Probe>,
    known: BTreeSet<Question>,
}

impl<'a> Probes<'a> {
    pub(super) fn new(outcomes: &'a Outcomes<'a>) -> Self {
        Self { outcomes, asked: Vec::new(), known: BTreeSet::new() }
    }

    pub(super) fn into_list(self) -> Vec<Probe> {
        self.asked
    }

    pub(super) fn all_answered(&self) -> bool {
        self.asked.iter().all(|probe| self.outcomes.contains_key(&probe.question))
    }

    /// The answer to a question, which is asked where there is none yet.
    pub(super) fn ask(
        &mut self,
        ask: Ask,
        sql: String,
        search_path: Vec<String>,
    ) -> Option<&'a Result<Vec<String>, ProbeError>> {
        // Postgres accepts no NUL in text, and the reader of the file has already reported it.
        if sql.contains('\0') {
            return None;
        }
        let question = Question { sql, ask, search_path };
        let answer = self.outcomes.get(&question).copied();
        if self.known.insert(question.clone()) {
            self.asked.push(Probe { id: self.asked.len(), question });
        }
        answer
    }
}

impl<'a> Checker<'a> {
    /// Binds an expression to a table's row, and refuses what does more than compute from it.
    pub(super) fn sql_text(&mut self, text: &str, place: &Place, table: &Table) -> Option<SqlText> {
        let columns: Vec<&str> = table.facts.columns.iter().map(|column| column.name.as_str()).collect();
        let bound = match SqlText::new(text, &columns) {
            Ok(bound) => bound,
            Err(error) => {
                self.push(sql_expression_invalid::not_one_expression(&error.reason, place.clone()));
                return None;
            }
        };
        self.is_stable(&bound, place, table).then_some(bound)
    }

    /// The type of an expression over a table's row; none where the server has not said it, or refuses it.
    pub(super) fn sql_type(&mut self, bound: &SqlText, place: &Place, table: &Table) -> Option<PgType> {
        match self.prepared(bound, table)? {
            Ok(types) => {
                let none = crate::pg_type::Enums::new();
                types.first().map(|text| PgType::of_text(text, table.facts.enums.as_ref().unwrap_or(&none)))
            }
            Err(error) => {
                let diagnostic = self.refused(error, place, table);
                self.push(diagnostic);
                None
            }
        }
    }

    /// The type of an expression over a table's row as the server says it, or its objection.
    pub(super) fn prepared(
        &mut self,
        bound: &SqlText,
        table: &Table,
    ) -> Option<&'a Result<Vec<String>, ProbeError>> {
        let expression = bound.sql(ROW);
        // WHERE accepts no aggregate, window or set-returning function.
        let sql = format!("select ({expression}) from {} {ROW} where ({expression}) is null", table.name);
        self.probes.ask(Ask::Types, sql, self.search_path.clone())
    }

    /// Lets the server judge a condition; says whether nothing is known against it.
    pub(super) fn judge_condition(&mut self, condition: &Condition, place: &Place, table: &Table) -> bool {
        let Some(Err(error)) = self.prepared_condition(&condition.sql(ROW), table) else { return true };
        let diagnostic = if condition.is_ours() {
            let short = self.short(&table.name);
            // 22: the operators are there, and a value is not one of its type.
            let is_value = error.sqlstate.starts_with("22");
            filter_type_mismatch::refused(&short, is_value, &error.message, place.clone())
        } else {
            self.refused(error, place, table)
        };
        self.push(diagnostic);
        false
    }

    /// What the server says of a condition over a table's row, in SQL.
    pub(super) fn prepared_condition(
        &mut self,
        condition: &str,
        table: &Table,
    ) -> Option<&'a Result<Vec<String>, ProbeError>> {
        let sql = format!("select 1 from {} {ROW} where {condition}", table.name);
        self.probes.ask(Ask::Types, sql, self.search_path.clone())
    }

    pub(super) fn refused(&self, error: &ProbeError, place: &Place, table: &Table) -> Diagnostic {
        let table_name = self.short(&table.name);
        let (words, at) = (error.message.as_str(), place.clone());
        match error.sqlstate.as_str() {
            "42703" => self.unknown_in_sql(error, place, table),
            "42803" | "42P20" => sql_expression_invalid::needs_several_rows(words, at),
            "42883" => sql_expression_invalid::unknown_function(&table_name, words, at),
            "42804" => sql_expression_invalid::not_boolean(words, at),
            _ => sql_expression_invalid::rejected(&table_name, words, at),
        }
    }

    /// `column "x" does not exist`: with what comes near.
    fn unknown_in_sql(&self, error: &ProbeError, place: &Place, table: &Table) -> Diagnostic {
        let (short, columns) = (self.short(&table.name), names(table));
        // The server's words may be of another language, so the name is taken from the quotes.
        let name = error.message.split('"').nth(1).unwrap_or_default();
        unknown_column::in_expression(missing(&short, &columns, name), place.clone())
    }
}
