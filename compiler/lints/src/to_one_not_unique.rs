//! `to-one-not-unique`: a relation to one row may find several.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "to-one-not-unique",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A relation to one row may find several.",
    why: "\
No unique index limits it to one, so it is chance which row the document shows, and it may change without a change in \
the database. Write `order_by` to say which one is meant, `has_many` for all of them, or add the unique index.",
    example: None,
};

/// A join that may find several rows.
#[derive(Clone, Copy, Debug)]
pub struct Several<'a> {
    /// The table of the row that is joined from.
    pub before: &'a str,
    /// The table that is joined.
    pub joined: &'a str,
    /// Its columns by which it is joined.
    pub columns: &'a [&'a str],
}

impl Several<'_> {
    /// A `belongs_to` that several rows can match.
    pub fn belongs_to(&self, place: Place) -> Diagnostic {
        self.at(place).help("join on columns that a unique index covers, or write `has_many`")
    }

    /// Under `has_one`; `target` is the last table of the path.
    pub fn has_one(&self, target: &str, place: Place) -> Diagnostic {
        self.at(place).help(format!(
            "write `order_by: [{{ column: desc }}]` to say which, or `has_many: {target}` for all"
        ))
    }

    fn at(&self, place: Place) -> Diagnostic {
        let Self { before, joined, columns } = self;
        let columns: Vec<String> = columns.iter().map(|column| format!("{joined}.{column}")).collect();
        LINT.at(
            place,
            format!(
                "a row of `{before}` may have several rows in `{joined}`, so which one the document shows is \
                 arbitrary"
            ),
        )
        .note(format!("no unique index covers {}", listed(&columns, "and")))
    }
}
