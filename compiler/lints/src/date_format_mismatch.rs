//! `date-format-mismatch`: a `format` of a date field does not read the dates that flusso writes.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "date-format-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A `format` of a date field does not read the dates that flusso writes.",
    why: "\
A date is written as Postgres prints it in ISO 8601. OpenSearch would refuse every document with such a value, and the \
index would stay empty. Leave `format` out, or add `||strict_date_optional_time` to it; formats that clients use in \
queries may stay in front.",
    example: None,
};

/// A format that does not read what documents hold; `example` is such a value.
pub fn finding(format: &str, example: &str, note: &str, place: Place) -> Diagnostic {
    LINT.at(
        place,
        format!("format `{format}` does not match `{example}`, so every document would be refused"),
    )
    .note(note)
    .help("remove `format`, or add `||strict_date_optional_time` to it")
}
