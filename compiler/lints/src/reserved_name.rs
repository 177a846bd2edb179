//! `reserved-name`: a name is one that flusso uses itself.

use flusso_schemas::name::TableName;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "reserved-name",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A table, column or analysis name is reserved for flusso.",
    why: "\
flusso marks its indexes under `_meta.flusso`, names its own analyzers and filters with `flusso_`, and puts keys \
where its queries have `{rows:` and `{range:`. A name of that form in the project would overwrite one of them or be \
mistaken for it. Choose another name.",
    example: Some(Example {
        bad: "analysis: { analyzer: { flusso_mine: { type: standard } } }",
        good: "analysis: { analyzer: { mine: { type: standard } } }",
    }),
};

/// The table's schema, its name or a column resembles a placeholder of flusso's own queries.
pub fn table(table: &TableName, name: &str) -> Finding {
    LINT.live(format!(
        "`{name}` contains a placeholder of flusso's own queries, so no query can read `{table}`"
    ))
    .about(format!("table:{table}"))
    .with_help("give it a name without `{rows:` and `{range:`")
}

/// `flusso` under `_meta` of the mapping's root.
pub fn meta_flusso(place: Place) -> Diagnostic {
    LINT.at(
        place,
        "`_meta.flusso` is reserved: flusso marks its indexes there, so yours would be overwritten",
    )
    .help("use another key under `_meta`")
}

/// A part of `analysis` whose name begins with `flusso_`.
pub fn analysis(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` is reserved: flusso names its own analyzers and filters with `flusso_`"))
        .help("begin the name with another word")
}
