//! `wrong-type`: a value is not of the type that its key expects.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "wrong-type",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A value has another type or form than its key expects.",
    why: "\
flusso never guesses what a value was meant to be: a number without a unit could be seconds or milliseconds, and a \
guess would be wrong in production, not in review. The message names what the key expects and what was found. \
Durations are a whole number with `ms`, `s`, `m`, `h` or `d`; sizes have `B`, `KiB`, `MiB` or `GiB`.",
    example: Some(Example { bad: "    statement_timeout: 30", good: "    statement_timeout: 30s" }),
};

/// A value of another type; both in words: `a list`, `a whole number`.
pub fn expected(key: &str, expected: &str, found: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` expects {expected}, found {found}")).help(format!("write {expected}"))
}

/// A word that is not one of the few that the key accepts.
pub fn word(key: &str, word: &str, known: &[&str], place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` does not accept `{word}`")).help(format!("write {}", listed(known, "or")))
}

/// A number outside the bounds of its key, or beyond 64 bits.
pub fn not_whole(key: &str, least: u64, most: Option<u64>, place: Place) -> Diagnostic {
    let range = match most {
        Some(most) => format!("a whole number from {least} to {most}"),
        None => format!("a whole number from {least}"),
    };
    LINT.at(place, format!("`{key}` is out of range: expected {range}")).help(format!("write {range}"))
}

/// A duration or a size that cannot be read. `meant` is the value with the unit that must be meant.
pub fn unit(
    key: &str,
    what: &str,
    meant: Option<String>,
    example: &str,
    units: &[&str],
    place: Place,
) -> Diagnostic {
    let found = LINT.at(place.clone(), format!("`{key}` expects {what}: a whole number and a unit"));
    match meant {
        Some(meant) => found.instead(place, meant),
        None => {
            found.help(format!("write it as `{example}`, with one of the units {}", listed(units, "and")))
        }
    }
}

/// A duration of nothing, or of more than Postgres can keep.
pub fn duration_out_of_range(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` is out of range: expected `1ms` to `24d`"))
        .help("write a duration such as `30s`")
}

/// A `${` without its `}`.
pub fn unclosed_reference(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unclosed `${{` in `{key}`")).help("write `${NAME}` or `${NAME:-default}`")
}

/// `${…}` around something that is not the name of a variable.
pub fn reference_without_name(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("a `${{…}}` in `{key}` does not name an environment variable"))
        .help("write `${NAME}` or `${NAME:-default}`")
}

/// A reference in a name that must not differ between environments.
pub fn reference_in_name(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` does not accept references: it is the same in every environment"))
        .help("write the name itself")
}

/// A reference in a setting of an index file.
pub fn reference_in_setting(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` has a reference, but index files are the same in every environment"))
        .help("write it under `index_settings` of the sink")
}

/// A list or a scalar at the top of a file; `found` in words.
pub fn file_is(found: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("the file has no keys: expected a map, found {found}"))
        .help("begin the file with `version: 1`")
}

/// `? [a, b]`: a key that is not text.
pub fn key_is_not_text(place: Place) -> Diagnostic {
    LINT.at(place, "a key must be text, found a list or a map").help("write the key as text")
}

/// `fields: [a, b]`. `example` is a key of the list.
pub fn fields_are_a_list(example: &str, place: Place) -> Diagnostic {
    LINT.at(place, "`fields` expects a map of field names, found a list")
        .help(format!("write `{example}: kind` without the dash"))
}

/// A table's name that is neither `table` nor `schema.table`.
pub fn table_name(text: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{text}` is not a table name: expected `table` or `schema.table`")).help(
        "put a name that contains a dot or a double quote into double quotes, as in Postgres: `'\"a.b\"'`",
    )
}

/// A constant that is neither one plain value nor a list of values of one type.
pub fn constant(place: Place) -> Diagnostic {
    LINT.at(place, "`constant` expects text, a number or a boolean, or a list of one of them")
        .help("write a text, a number, a boolean, or a list of one of these")
}

/// A map of several columns in one item of `order_by`.
pub fn several_columns_in_item(place: Place) -> Diagnostic {
    LINT.at(place, "an item of `order_by` takes exactly one column").help("write `[{ a: desc }, { b: asc }]`")
}

/// A value that OpenSearch refuses for a setting or a mapping parameter; `expected` follows "write".
pub fn refused_by_opensearch(name: &str, value: &str, expected: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` does not accept `{value}`: OpenSearch would refuse the index"))
        .help(format!("write {expected}"))
}

/// A key under `labels` that is not a whole number.
pub fn label_without_number(key: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{key}` is not a whole number, so no row has this label"))
        .help("write `labels: { 0: draft, 1: paid }`: the column's number and its label")
}

/// A pattern under `indexes` that cannot be a pattern; `why` is the matcher's reason.
pub fn file_pattern(pattern: &str, why: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{pattern}` is not a file pattern: {why}"))
        .help("write a path such as `indexes/*.yml`; `**` matches whole folders only")
}

/// The project's name, which begins the names of its slot and publication.
pub fn project_name(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` cannot be a project name: slot and publication are named after it"))
        .help("use at most 31 of the characters `a-z`, `0-9` and `_`, a letter first")
}

/// A name that Postgres does not accept for a slot.
pub fn slot_name(place: Place) -> Diagnostic {
    LINT.at(place, "Postgres does not accept this name for a replication slot")
        .help("use only `a-z`, `0-9` and `_`")
}

/// `?sslmode=…` behind a URL.
pub fn url_parameters(path: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` does not accept parameters after `?`"))
        .help("write `sslmode` and the certificates as keys beside `url`")
}

/// A user in the URL of a sink.
pub fn user_in_url(path: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` contains a user, which has a key of its own"))
        .help("write `username` and `password` beside `url`")
}

/// `?…` or `#…` behind the URL of a sink.
pub fn query_in_sink_url(path: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` has a part after `?` or `#`, which requests cannot carry")).help(
        "end the URL before `?` and `#`; a user and password are `username` and `password` beside `url`",
    )
}

/// A text that is not a URL of this scheme. It is not repeated: it may hold a password.
pub fn not_a_url(path: &str, scheme: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{path}` is neither a reference nor a `{scheme}://` URL")).help(URL)
}

/// A URL with a reference that cannot be read. It is not repeated: it may hold a password.
pub fn reference_in_url(path: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("a reference in `{path}` is not written as `${{NAME}}`")).help(URL)
}

const URL: &str = "write `\"${NAME}\"` with the variable that holds the whole URL";

/// `between` without its two values.
pub fn two_values(place: Place) -> Diagnostic {
    LINT.at(place, "`between` expects two values (both inclusive)").help("write `between: [low, high]`")
}
