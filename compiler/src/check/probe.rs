//! Expressions that the server judges: it prepares them and says their types, or what is wrong with them.

use std::collections::BTreeMap;

use flusso_schemas::facts::{Probe, ProbeError, ProbeOutcome};

use super::Checker;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::pg_type::{BaseType, PgType};
use crate::sql_text::SqlText;

/// Answers by the statement that was prepared.
pub(crate) type Outcomes<'a> = BTreeMap<String, &'a Result<Vec<String>, ProbeError>>;

/// The answers to a list of probes.
pub(crate) fn outcomes<'a>(probes: &[Probe], answers: &'a [ProbeOutcome]) -> Outcomes<'a> {
    let sql = |answer: &ProbeOutcome| {
        probes.iter().find(|probe| probe.id == answer.id).map(|probe| probe.sql.clone())
    };
    answers.iter().filter_map(|answer| Some((sql(answer)?, &answer.result))).collect()
}

/// What is asked of the server in one run.
pub(super) struct Probes<'a> {
    outcomes: &'a Outcomes<'a>,
    asked: Vec<Probe>,
}

impl<'a> Probes<'a> {
    pub(super) fn new(outcomes: &'a Outcomes<'a>) -> Self {
        Self { outcomes, asked: Vec::new() }
    }

    pub(super) fn into_list(self) -> Vec<Probe> {
        self.asked
    }

    pub(super) fn all_answered(&self) -> bool {
        self.asked.iter().all(|probe| self.outcomes.contains_key(&probe.sql))
    }

    /// The answer to a statement, which is asked for where there is none yet.
    fn ask(&mut self, sql: String, table: &Table) -> Option<&'a Result<Vec<String>, ProbeError>> {
        if !self.asked.iter().any(|probe| probe.sql == sql) {
            let probe = Probe { id: self.asked.len(), sql: sql.clone(), search_path: search_path(table) };
            self.asked.push(probe);
        }
        self.outcomes.get(&sql).copied()
    }
}

/// `pg_catalog`, and the schemas of the extension types that the table's columns have.
fn search_path(table: &Table) -> Vec<String> {
    let mut schemas: Vec<String> = table
        .facts
        .columns
        .iter()
        .filter(|column| {
            let base = PgType::of_column(column, table.facts.enums.as_ref()).base;
            matches!(base, BaseType::Citext | BaseType::Hstore | BaseType::Ltree)
        })
        .map(|column| column.type_schema.clone())
        .filter(|schema| schema != "pg_catalog")
        .collect();
    schemas.sort_unstable();
    schemas.dedup();
    schemas.insert(0, "pg_catalog".to_owned());
    schemas
}

/// Functions that give another answer without any row having changed, and words that stand for such.
const UNSTABLE: &[&str] = &[
    "age",
    "clock_timestamp",
    "current_catalog",
    "current_database",
    "current_date",
    "current_role",
    "current_schema",
    "current_setting",
    "current_time",
    "current_timestamp",
    "current_user",
    "currval",
    "gen_random_uuid",
    "inet_client_addr",
    "lastval",
    "localtime",
    "localtimestamp",
    "nextval",
    "now",
    "pg_backend_pid",
    "random",
    "session_user",
    "setseed",
    "setval",
    "statement_timestamp",
    "timeofday",
    "transaction_timestamp",
    "txid_current",
    "user",
    "uuid_generate_v4",
];

/// Functions that do something, or read what is no row.
const SIDE_EFFECTS: &[&str] = &[
    "dblink",
    "dblink_exec",
    "lo_export",
    "lo_get",
    "lo_import",
    "pg_cancel_backend",
    "pg_ls_dir",
    "pg_read_binary_file",
    "pg_read_file",
    "pg_reload_conf",
    "pg_sleep",
    "pg_terminate_backend",
    "query_to_xml",
];

impl Checker<'_> {
    /// Binds an expression to a table's row, without asking the server.
    pub(super) fn sql_text(&mut self, text: &str, place: &Place, table: &Table) -> Option<SqlText> {
        let columns: Vec<&str> = table.facts.columns.iter().map(|column| column.name.as_str()).collect();
        let bound = match SqlText::new(text, &columns) {
            Ok(bound) => bound,
            Err(error) => {
                let message = format!("this is not one expression over a row: {}", error.reason);
                self.push(
                    Diagnostic::deny("sql-expression-invalid", place.clone(), message)
                        .help("write one expression over the columns of the row"),
                );
                return None;
            }
        };
        let called = |list: &'static [&'static str]| {
            bound.functions().iter().find(|name| list.contains(&name.as_str())).cloned()
        };
        if let Some(name) = called(UNSTABLE) {
            let message = format!(
                "`{name}` changes without any row changing: a row that grows older changes nothing in the \
                 database, so its document would stay"
            );
            self.push(
                Diagnostic::deny("sql-expression-unstable", place.clone(), message)
                    .help("decide it in the query, or keep a column that a job updates"),
            );
            return None;
        }
        if let Some(name) = called(SIDE_EFFECTS) {
            let message = format!("`{name}` reaches outside its row, and an expression only computes");
            self.push(
                Diagnostic::deny("sql-side-effect", place.clone(), message)
                    .help(format!("leave `{name}` out")),
            );
            return None;
        }
        Some(bound)
    }

    /// The type of an expression over a table's row; none where the server has not said it, or refuses it.
    pub(super) fn sql_type(&mut self, bound: &SqlText, place: &Place, table: &Table) -> Option<PgType> {
        let expression = bound.sql("t");
        // In WHERE neither aggregates nor window nor set-returning functions are taken.
        let sql = format!("select ({expression}) from {} t where ({expression}) is null", table.name);
        match self.probes.ask(sql, table)? {
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

    /// Lets the server judge a condition; says whether nothing is known against it.
    pub(super) fn judge_condition(&mut self, condition: &str, place: &Place, table: &Table) -> bool {
        let sql = format!("select 1 from {} t where {condition}", table.name);
        match self.probes.ask(sql, table) {
            Some(Err(error)) => {
                let diagnostic = self.refused(error, place, table);
                self.push(diagnostic);
                false
            }
            _ => true,
        }
    }

    fn refused(&self, error: &ProbeError, place: &Place, table: &Table) -> Diagnostic {
        let table_name = self.short(&table.name);
        let invalid = |message: String| Diagnostic::deny("sql-expression-invalid", place.clone(), message);
        match error.sqlstate.as_str() {
            "42703" => self.unknown_in_sql(error, place, table),
            "42803" | "42P20" => invalid("an aggregate or window function looks at several rows, and this one is all there is".to_owned())
                .note(format!("postgres: {}", error.message))
                .help("make a field with `sum`, `count` or another aggregate"),
            "42883" => invalid(format!("the expression calls what postgres does not have for `{table_name}`"))
                .note(format!("postgres: {}", error.message))
                .help("write the function's schema in front of it where it is not of postgres itself, or cast its arguments"),
            "42804" => invalid("the condition is not true or false".to_owned())
                .note(format!("postgres: {}", error.message))
                .help("compare it with something"),
            _ => invalid(format!("postgres cannot compute this over a row of `{table_name}`"))
                .note(format!("postgres: {}", error.message))
                .help("correct the expression"),
        }
    }

    /// `column "x" does not exist`: with what comes near.
    fn unknown_in_sql(&self, error: &ProbeError, place: &Place, table: &Table) -> Diagnostic {
        let table_name = self.short(&table.name);
        // The server's words may be of another language, so the name is taken from the quotes.
        let name = error.message.split('"').nth(1).unwrap_or_default();
        let columns = table.facts.columns.iter().map(|column| column.name.as_str());
        let near = syntax_close(name, columns);
        let message = match name {
            "" => format!("the expression names a column that `{table_name}` does not have"),
            name => format!("`{table_name}` has no column `{name}`, so the expression cannot be computed"),
        };
        let diagnostic = Diagnostic::deny("unknown-column", place.clone(), message);
        match near.as_slice() {
            [] => diagnostic
                .note(super::column::columns_note(table, &[]))
                .help("name columns of this row only; capital letters need double quotes"),
            near => diagnostic.help(format!("write {}", crate::syntax::keys::listed(near, "or"))),
        }
    }
}

fn syntax_close<'a>(name: &str, columns: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    crate::syntax::habits::close(name, columns)
}
