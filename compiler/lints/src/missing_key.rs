//! `missing-key`: a key that is needed is not there.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "missing-key",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A file, field or sink lacks a key that it needs.",
    why: "\
Without the key flusso would have to guess what fills a field, where the database is or how a value is indexed. \
Nothing has a hidden default where a wrong one would be noticed only in the index. The help names the key to add.",
    example: Some(Example {
        bad: "  number: { column: number }",
        good: "  number: { kind: keyword, column: number }",
    }),
};

/// A file without anything in it.
pub fn empty_file(place: Place) -> Diagnostic {
    LINT.at(place, "the file is empty").help("begin the file with `version: 1`")
}

/// A key at the top of a file; `so` says what follows.
pub fn at_the_top(key: &str, so: &str, place: Place) -> Diagnostic {
    let help = match key {
        "version" => "write `version: 1` at the top".to_owned(),
        key => format!("add `{key}: …`"),
    };
    LINT.at(place, format!("missing key `{key}`, so {so}")).help(help)
}

/// A lint's setting without its level, which would have no effect.
pub fn level(lint: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{lint}` has no `level`, so its level stays as it is"))
        .help("add `level: allow`, `level: warn` or `level: deny`")
}

/// `source` without its database.
pub fn source_kind(place: Place) -> Diagnostic {
    LINT.at(place, "`source` has no `postgres`, so there is nothing to read from")
        .help("write `postgres: { url: \"${DATABASE_URL}\" }`")
}

/// `source.postgres` with neither a URL nor both parts that it needs.
pub fn source_address(place: Place) -> Diagnostic {
    LINT.at(place, "`source.postgres` needs `url`, or `host` and `database`")
        .help("write `url: \"${DATABASE_URL}\"`")
}

/// A sink that is of no kind, or of two.
pub fn sink_kind(sink: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("sink `{sink}` needs exactly one of `opensearch` and `stdout`"))
        .help("write `opensearch: { … }` or `stdout: {}`")
}

/// An OpenSearch sink without `url`.
pub fn sink_url(sink: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("sink `{sink}` has no `url`, so OpenSearch cannot be reached"))
        .help("write `url: \"${OPENSEARCH_URL}\"`")
}

/// A key that has no effect by itself.
pub fn partner(key: &str, partner: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` has no effect without `{partner}`"))
        .help(format!("add `{partner}: …`, or remove `{key}`"))
}

/// A credential that is a map with neither `file` nor `command`, or with both.
pub fn secret_source(path: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` needs exactly one of `file` and `command`"))
        .help("write `\"${NAME}\"`, `{ file: /path }` or `{ command: [program, argument] }`")
}

/// A field that nothing fills; whether keys of a scalar are there says what it was meant to be.
pub fn field_form(field: &str, is_scalar: bool, place: Place) -> Diagnostic {
    if is_scalar {
        return LINT
            .at(place, format!("missing `kind`: the mapping of field `{field}` is unknown"))
            .help("add a kind such as `kind: keyword`, or `kind: auto` to take it from the type");
    }
    LINT.at(place, format!("field `{field}` has no kind, `fields` or relation, so nothing fills it"))
        .help("write a kind, `fields` or a relation")
}

/// A value of a relation, or an aggregate, without a kind; `head` is the key that needs one.
pub fn kind_beside(head: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{head}` has no `kind`")).help(format!("write `kind: …` beside `{head}`"))
}

/// A subfield without a kind.
pub fn subfield_kind(subfield: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("subfield `{subfield}` has no `kind`")).help("add `kind: …`")
}

/// A relation without `fields` and `value`; `table` is empty if its name could not be read.
pub fn relation_shape(field: &str, table: &str, place: Place) -> Diagnostic {
    let message = match table {
        "" => format!("`{field}` has neither `fields` nor `value`, so there is nothing to index"),
        table => format!("`{field}` has neither `fields` nor `value`, so nothing of `{table}` is indexed"),
    };
    LINT.at(place, message)
        .help("write `fields: { … }` for an object, or `value: column, kind: …` for one value")
}

/// `many_to_many` without exactly one table between.
pub fn through(place: Place) -> Diagnostic {
    LINT.at(place, "`many_to_many` needs `through` with exactly one table")
        .help("write `through: table`, or `has_many` with several hops")
}

/// An aggregate that needs something to compute over.
pub fn aggregate_of(function: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{function}` has no `of`: it needs a column or an expression"))
        .help("write `of: column`, or `of: { sql: \"…\" }`")
}

/// An item of `through` without its table.
pub fn hop_table(place: Place) -> Diagnostic {
    LINT.at(place, "an item of `through` has no `table`").help("write `{ table: …, via: … }`")
}

/// A map where a column or `{ sql: … }` is expected.
pub fn sql(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` is a map without `sql`")).help("write a column, or `{ sql: \"…\" }`")
}

/// A key that a kind needs over this type; `why` is a clause.
pub fn of_kind(kind: &str, pg_type: &str, key: &str, why: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{kind}` over `{pg_type}` needs `{key}`: {why}")).help(format!("add `{key}: …`"))
}
