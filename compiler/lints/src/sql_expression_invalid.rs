//! `sql-expression-invalid`: an `sql` expression is not one expression over a row that Postgres accepts.

use flusso_schemas::name::Ident;

use crate::filter_type_mismatch::LONE_ESCAPE;
use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "sql-expression-invalid",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "An `sql` expression is not one expression over a row that Postgres accepts.",
    why: "\
It is put into every query of its table, so the index could neither be filled nor be followed. It may hold one \
expression over the columns of the row: no statement, no comment, no aggregate or window function. The note has the \
words of Postgres.",
    example: None,
};

/// A text that is not one expression; `reason` is a clause.
pub fn not_one_expression(reason: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("expected one expression over the row: {reason}"))
        .help("write one expression over the columns of the row")
}

/// A pattern whose last backslash is not itself escaped.
pub fn lone_escape(table: &str, pattern: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("a pattern over a row of `{table}` {LONE_ESCAPE}"))
        .help(format!("write `'{pattern}\\'` to match a backslash there, or remove it"))
}

/// Pattern matching over a nondeterministic collation.
pub fn nondeterministic_collation(column: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "`{column}` has a nondeterministic collation: Postgres rejects pattern matching on it at the first row"
        ),
    )
    .help(format!("write `{} collate \"C\"`", Ident::new(column)))
}

/// An aggregate or window function; `words` are the server's.
pub fn needs_several_rows(words: &str, place: Place) -> Diagnostic {
    refused("aggregate and window functions need several rows, but an expression sees one", words, place)
        .help("use a field with `sum`, `count` or another aggregate")
}

/// A function or operator that does not exist for these types; `words` are the server's.
pub fn unknown_function(table: &str, words: &str, place: Place) -> Diagnostic {
    refused(&format!("unknown function or operator in an expression over `{table}`"), words, place)
        .help("qualify the function with its schema if it is not built in, or cast its arguments")
}

/// A condition that is not true or false; `words` are the server's.
pub fn not_boolean(words: &str, place: Place) -> Diagnostic {
    refused("expected a boolean condition", words, place).help("add a comparison, such as `= 1`")
}

/// Whatever else the server objects to, in its words.
pub fn rejected(table: &str, words: &str, place: Place) -> Diagnostic {
    refused(&format!("Postgres rejects this expression over `{table}`"), words, place)
        .help("correct the expression")
}

fn refused(message: &str, words: &str, place: Place) -> Diagnostic {
    LINT.at(place, message).note(format!("Postgres: {words}"))
}
