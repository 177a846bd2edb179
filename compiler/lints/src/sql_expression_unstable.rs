//! `sql-expression-unstable`: an `sql` expression can change its value while its row stays as it is.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "sql-expression-unstable",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "An `sql` expression can change its value while its row stays as it is.",
    why: "\
Documents are computed again when a row changes, and nothing else. What depends on the clock, a setting of the \
session, another table or the place where a row is stored becomes stale, and nothing in the database says when. Decide \
it in the query, keep it in a column that a job updates, or declare a function `immutable` that depends on its \
arguments only.",
    example: None,
};

const AT_QUERY_TIME: &str = "filter at query time, or maintain a column with a scheduled job";

/// A word or function that reads the clock or the session.
pub fn reads_outside(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` can change without any row changing, so the document would go stale"))
        .help(AT_QUERY_TIME)
}

/// `ctid` and the like.
pub fn system_column(column: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{column}` is a system column: it changes without the row's data changing"))
        .help("name your own columns")
}

/// A cast by a function that is not immutable.
pub fn cast(source: &str, target: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "the cast from `{source}` to `{target}` is not immutable, so one row may yield different values"
        ),
    )
    .help("remove the cast, or make its function `immutable` if it depends only on its argument")
}

/// The role may not read which casts there are; `words` are the server's.
pub fn unknown_casts(words: &str, place: Place) -> Diagnostic {
    LINT.at(place, "cannot read which casts are volatile, so one row may yield different values")
        .note(format!("Postgres: {words}"))
        .help("call immutable functions only, or let the role read `pg_catalog`")
}

/// A constant such as `'today'::date`.
pub fn constant(place: Place) -> Diagnostic {
    LINT.at(
        place,
        "a date constant in this expression depends on the current day or on `DateStyle`, so the document would \
         keep the value of the day it was written",
    )
    .help("write the constant as `YYYY-MM-DD`, or compare with the clock at query time")
}

/// The clock or the session, read for each row.
pub fn clock(place: Place) -> Diagnostic {
    LINT.at(place, "this expression reads the clock, so its document would go stale as time passes")
        .help(AT_QUERY_TIME)
}

/// A function of the project's own that is declared `stable`.
pub fn stable_function(name: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!(
            "`{name}` is declared stable: what it reads beside its arguments may change, so the document would go \
             stale"
        ),
    )
    .help("declare it `immutable` if it depends on its arguments only, otherwise remove it")
}
