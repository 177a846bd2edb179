//! The tables of an index file.

use flusso_schemas::lock::OnError;

use super::Value::{Any, Fields, In, Map, OneOrMore, Options, Pattern, Settings, Text, Whole, Word};
use super::condition::CONDITION;
use super::{EMPTY, Example, Key, KeyTable, Level, Names, OptionsOf, Place, SettingsOf, Value, key, words};
use crate::syntax::index::ColumnCase;

/// Words of `column_case` with their meaning.
pub(crate) const COLUMN_CASES: [(&str, ColumnCase); 2] =
    [("exact", ColumnCase::Exact), ("snake", ColumnCase::Snake)];

/// Words of `on_error` that are carried out.
pub(crate) const ON_ERRORS: [(&str, OnError); 1] = [("stop", OnError::Stop)];

static COLUMN_CASE_WORDS: [&str; 2] = words(&COLUMN_CASES);
static ON_ERROR_WORDS: [&str; 1] = words(&ON_ERRORS);

pub(super) const COLUMN_CASE: Key = key(
    "column_case",
    Word(&COLUMN_CASE_WORDS, &[]),
    "How a document key becomes the name of the column it reads: as it is, or in snake_case (`createdAt` reads \
`created_at`).",
)
.default("exact");

pub(super) const ON_ERROR: Key = key(
    "on_error",
    Word(&ON_ERROR_WORDS, &["quarantine"]),
    "What happens where OpenSearch refuses a document.",
)
.default("stop");

pub(super) const SETTINGS: Key = key(
    "settings",
    Settings(SettingsOf::Index),
    "Settings of the index by OpenSearch's names, with dots or as maps; `shards` and `replicas` for short. What a sink \
sets under `index_settings` wins.",
)
.default("{ shards: 1, replicas: 1 }");

pub(super) const ANALYSIS_KEY: Key = key(
    "analysis",
    In(&ANALYSIS),
    "Analyzers and their parts, as OpenSearch takes them. Only what a mapping uses enters the index.",
);

/// The top of an index file.
pub static INDEX: KeyTable = KeyTable {
    name: "an index file",
    title: "Index files",
    docs: "One file an index: which table, which rows, and what the documents hold. Keys that begin with `x-` are free for \
anchors and notes. An index file has no references: it is the same in every environment.",
    keys: &[
        key("accept", Any, "Breaking changes that are meant.").not_yet(),
        ANALYSIS_KEY,
        COLUMN_CASE,
        key("description", Text, "What the index is, for readers of the file."),
        key("document_id", Word(&["key"], &["hash"]), "What a document's `_id` is made from.").default("key"),
        key(
            "dynamic",
            Word(&["strict", "false", "true", "strict_allow_templates"], &[]),
            "`dynamic` of the mapping's root.",
        )
        .default("strict"),
        key("fields", Fields(Level::Root), "What a document holds, by its keys.").required(),
        key(
            "index",
            Pattern(
                "^[a-z0-9][a-z0-9_.+-]*$",
                "lower-case letters, digits and `_.+-`, a letter or digit first",
                &["string", "number", "boolean"],
            ),
            "The alias that applications query.",
        )
        .required(),
        key("key", OneOrMore(&Text), "Columns that identify a document, NOT NULL and unique together.")
            .default("the primary key"),
        ON_ERROR,
        key("options", Options(OptionsOf::Root), "Other parameters of the mapping's root."),
        SETTINGS,
        key("sinks", OneOrMore(&Text), "Names of the sinks it is written to.").default("every sink"),
        key("table", Text, "The table whose rows are documents: `table` or `schema.table`.").required(),
        key("version", Whole(1, 1), "The version of the language.").required(),
        key("where", In(&CONDITION), "Which rows are documents.").default("every row"),
    ],
    example: Some(Example {
        at: Place::Index,
        text: "version: 1\nindex: orders\ntable: orders\nwhere: { status: { ne: draft } }\nsettings: { shards: 2 }\nfields:\n  id: long\n  number: keyword",
    }),
    ..EMPTY
};

static PARTS: Names = Names { name: "NAME", reserved: "^flusso_", value: Value::Raw, least: 0 };

/// The mapping under `analysis`.
pub static ANALYSIS: KeyTable = KeyTable {
    name: "`analysis`",
    title: "`analysis`",
    docs: "Parts of analyzers by name, as OpenSearch takes them. Names that begin with `flusso_` are flusso's own.",
    keys: &[
        key("analyzer", Map(&PARTS), "Analyzers."),
        key("char_filter", Map(&PARTS), "Filters of characters."),
        key("filter", Map(&PARTS), "Filters of tokens."),
        key("normalizer", Map(&PARTS), "Normalizers of keywords."),
        key("tokenizer", Map(&PARTS), "Tokenizers."),
    ],
    example: Some(Example {
        at: Place::Index,
        text: "analysis:\n  analyzer: { prose: { type: english } }\nfields:\n  id: long\n  note: { kind: text, options: { analyzer: prose } }",
    }),
    ..EMPTY
};
