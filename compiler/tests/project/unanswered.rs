//! What the catalog refuses to say of an expression is taken for the worst.

use flusso_schemas::facts::{Ask, Question};
use serde_json::json;

use crate::rig::{PROJECT, Project};

/// An index with one expression that is not immutable, as its plan says.
fn project(sql: &str) -> Project {
    let index = format!(
        "version: 1\nindex: it\ntable: orders\nfields:\n  id: long\n  it: {{ kind: keyword, sql: \"{sql}\" }}\n"
    );
    let plan = json!(["  Filter: …"]);
    Project::alone(PROJECT, &index).answering(&plan, |question| matches!(question.ask, Ask::Plan(_)))
}

fn assert_counts_as_volatile(sql: &str, lint: &str, is_asked: impl Fn(&Question) -> bool) {
    let answered = project(sql).compile();
    assert!(answered.lock.is_some(), "{:?}", answered.diagnostics);
    let refused = json!({ "sqlstate": "42501", "message": "permission denied" });
    let outcome = project(sql).answering(&refused, is_asked).compile();
    assert!(outcome.lock.is_none());
    let found: Vec<&str> = outcome.diagnostics.iter().map(|each| each.lint.name).collect();
    assert_eq!(found, [lint], "{:?}", outcome.diagnostics);
}

#[test]
fn a_refused_lookup_of_casts_counts_as_volatile() {
    assert_counts_as_volatile("placed_at::text", "sql-expression-unstable", |question| {
        question.ask == Ask::Rows && question.sql.contains("pg_cast")
    });
}

#[test]
fn a_refused_lookup_of_a_function_counts_as_volatile() {
    assert_counts_as_volatile("to_char(placed_at, 'YYYY')", "sql-side-effect", |question| {
        question.ask == Ask::Rows && question.sql.contains("'to_char'")
    });
}

#[test]
fn a_refused_lookup_of_an_operator_counts_as_volatile() {
    assert_counts_as_volatile("(placed_at - placed_at)::text", "sql-side-effect", |question| {
        question.ask == Ask::Rows && question.sql.contains("oprname = '-'")
    });
}
