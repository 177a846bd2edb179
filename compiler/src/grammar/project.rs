//! The tables of the project file.

use flusso_schemas::lock::{Compression, Manage, SslMode};

use super::Value::{
    AnyNumber, Boolean, Duration, Either, In, Lints, Map, Null, OneOrMore, Pattern, Settings, Size, Text,
    Whole, Word,
};
use super::{EMPTY, Example, KeyTable, NO_MOST, Names, Place, SettingsOf, Value, index, key, words};
use crate::diagnostic::Level;

static COMPRESS_WORDS: [&str; 2] = words(&Compression::WORDS);
static MANAGE_WORDS: [&str; 3] = words(&Manage::WORDS);
static SSL_MODE_WORDS: [&str; 5] = words(&SslMode::WORDS);
static LEVEL_WORDS: [&str; 3] = words(&Level::WORDS);

/// A lint's level, with or without its reason.
pub(super) const LEVEL: Value = Either(&[In(&LINT), Word(&LEVEL_WORDS, &[])]);

/// One reference: a credential is never written out.
const ONE_REFERENCE: Value =
    Pattern("^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$", "a reference such as `\"${NAME}\"`", &["string"]);

/// A credential, which is always a reference.
const SECRET: Value = Either(&[ONE_REFERENCE, In(&REFERENCE)]);

/// What may be a credential, or text that is none.
const MAYBE_SECRET: Value = Either(&[Text, In(&REFERENCE)]);

static SINKS: Names = Names { name: "SINK", reserved: "", value: In(&SINK), least: 0 };

/// The top of the project file.
pub static PROJECT: KeyTable = KeyTable {
    name: "the project file",
    title: "The project file",
    docs: "`flusso.yml` says where changes come from, where documents go, and which index files there are. Keys that \
begin with `x-` are free for anchors and notes.",
    keys: &[
        key("defaults", In(&DEFAULTS), "What every index file takes over where it does not say otherwise."),
        key("indexes", OneOrMore(&Text), "Patterns of the index files, relative to this file.").required(),
        key("lints", Lints, "Levels of lints for the whole project."),
        key(
            "project",
            Pattern(
                "^[a-z][a-z0-9_]{0,30}$",
                "at most 31 of the characters `a-z`, `0-9` and `_`, a letter first",
                &["string", "boolean"],
            ),
            "The project's name, after which its replication slot and its publication are named.",
        )
        .required(),
        key("server", Value::Any, "Metrics and health over HTTP.").not_yet(),
        key("sinks", Map(&SINKS), "Where documents go, by a name of your own."),
        key("source", In(&SOURCE), "Where changes come from.").required(),
        key("version", Whole(1, 1), "The version of the language.").required(),
    ],
    example: Some(Example {
        at: Place::Project,
        text: "version: 1\nproject: shop\nsource:\n  postgres: { url: \"${DATABASE_URL}\", schema: shop }\nsinks:\n  search:\n    opensearch: { url: \"${OPENSEARCH_URL}\" }\nindexes: [indexes/*.yml]",
    }),
    ..EMPTY
};

/// The mapping under `source`.
pub static SOURCE: KeyTable = KeyTable {
    name: "`source`",
    title: "`source`",
    docs: "Where changes come from: one Postgres database.",
    keys: &[key("postgres", In(&POSTGRES), "The database.").required()],
    ..EMPTY
};

/// The mapping under `source.postgres`.
pub static POSTGRES: KeyTable = KeyTable {
    name: "`source.postgres`",
    title: "`source.postgres`",
    docs: "The address is either `url` or the separate keys. Certificates and `sslmode` go beside either.",
    keys: &[
        key("database", Text, "Name of the database. May hold references."),
        key("host", Text, "Name or address of the server. May hold references."),
        key(
            "manage",
            AnyNumber(&Word(&MANAGE_WORDS, &[])),
            "What `flusso apply` may create or alter in the database; `[]` for nothing.",
        )
        .default("[publication, slot]"),
        key("password", SECRET, "The password, as a reference."),
        key("port", Text, "Port of the server. May hold references.").default("5432"),
        key("publication", Text, "Name of the publication.").default("flusso_PROJECT"),
        key("replication_url", MAYBE_SECRET, "Another address for the replication connection.").not_yet(),
        key("schema", Text, "The schema of tables that are written without one.").default("public"),
        key(
            "slot",
            Pattern(
                "^[a-z0-9_]{1,63}$",
                "at most 63 of the characters `a-z`, `0-9` and `_`",
                &["string", "integer", "boolean"],
            ),
            "Name of the replication slot.",
        )
        .default("flusso_PROJECT"),
        key("ssl_cert", Text, "File with the client's certificate. May hold references."),
        key("ssl_key", Text, "File with the key of the client's certificate. May hold references."),
        key(
            "ssl_root_cert",
            Text,
            "File with the authorities that the server's certificate is checked against.",
        ),
        key(
            "sslmode",
            Word(&SSL_MODE_WORDS, &[]),
            "Whether the connection is encrypted, and what is checked, as libpq means it.",
        ),
        key("statement_timeout", Duration, "The longest that a statement may take.").default("30s"),
        key(
            "url",
            MAYBE_SECRET,
            "The whole address: one reference, or a `postgres://` URL whose password is one.",
        )
        .without(&["database", "host", "password", "port", "user"]),
        key("user", MAYBE_SECRET, "Name of the role."),
    ],
    any_of: &[&["url"], &["host", "database"]],
    example: Some(Example {
        at: Place::Project,
        text: "source:\n  postgres:\n    host: \"${DB_HOST}\"\n    database: shop\n    user: flusso\n    password: { file: /run/secrets/db }\n    sslmode: verify-full\n    schema: shop\n    manage: [publication, slot, replica_identity]",
    }),
    ..EMPTY
};

/// A credential that another file or program holds.
pub static REFERENCE: KeyTable = KeyTable {
    name: "a reference",
    title: "References to credentials",
    docs: "A credential is never written out: it is `\"${NAME}\"`, the name of an environment variable, or a map that \
says where it is kept. It is read when it is needed and is in no lock.",
    keys: &[
        key(
            "command",
            OneOrMore(&Text),
            "A program that prints it, or a list of a program and its arguments; no shell reads them.",
        )
        .without(&["file"]),
        key("file", Text, "A file that holds it."),
    ],
    any_of: &[&["command"], &["file"]],
    example: Some(Example {
        at: Place::Project,
        text: "sinks:\n  search:\n    opensearch:\n      url: https://search:9200\n      username: flusso\n      password: { command: [pass, show, search] }",
    }),
    ..EMPTY
};

/// An entry of `sinks`.
pub static SINK: KeyTable = KeyTable {
    name: "a sink",
    title: "Sinks",
    docs: "Where documents go: exactly one of `opensearch` and `stdout`. Every index is written to every sink, unless its \
file names some under `sinks`.",
    keys: &[
        key("opensearch", In(&OPENSEARCH), "An OpenSearch cluster.").without(&["stdout"]),
        key("stdout", Either(&[Null, In(&STDOUT)]), "Lines of JSON on the standard output."),
    ],
    any_of: &[&["opensearch"], &["stdout"]],
    example: Some(Example {
        at: Place::Project,
        text: "sinks:\n  search:\n    opensearch: { url: \"${OPENSEARCH_URL}\" }\n  audit:\n    stdout: { pretty: true }",
    }),
    ..EMPTY
};

/// The mapping under `opensearch` of a sink.
pub static OPENSEARCH: KeyTable = KeyTable {
    name: "an opensearch sink",
    title: "`opensearch`",
    docs: "A cluster, how it is reached, and how fast it is written.",
    keys: &[
        key("bulk", In(&BULK), "Size and number of the requests that write."),
        key("ca_cert", Text, "File with the authorities that the cluster's certificate is checked against."),
        key("client_cert", Text, "File with the client's certificate. May hold references.")
            .beside(&["client_key"]),
        key("client_key", Text, "File with the key of the client's certificate. May hold references.")
            .beside(&["client_cert"]),
        key("index_prefix", Text, "What every name in the cluster begins with. May hold references."),
        key(
            "index_settings",
            Settings(SettingsOf::Sink),
            "Settings of every index in this cluster, of those that an open index can change. May hold references.",
        ),
        key("password", SECRET, "The password, as a reference.").beside(&["username"]),
        key("tls_verify", Boolean, "Whether the cluster's certificate is checked.").default("true"),
        key(
            "url",
            MAYBE_SECRET,
            "The address: one reference, or an `http://` or `https://` URL without a user.",
        )
        .required(),
        key("username", MAYBE_SECRET, "Name of the user."),
    ],
    example: Some(Example {
        at: Place::Project,
        text: "sinks:\n  search:\n    opensearch:\n      url: \"${OPENSEARCH_URL}\"\n      username: flusso\n      password: \"${OPENSEARCH_PASSWORD}\"\n      index_prefix: \"${STAGE}_\"\n      index_settings: { number_of_replicas: \"${REPLICAS}\" }",
    }),
    ..EMPTY
};

/// The mapping under `bulk`.
pub static BULK: KeyTable = KeyTable {
    name: "`bulk`",
    title: "`bulk`",
    docs: "Size and number of the requests that write documents.",
    keys: &[
        key("bytes_max", Size, "Most bytes of a request.").default("8MiB"),
        key("compress", Word(&COMPRESS_WORDS, &[]), "How requests are compressed.").default("gzip"),
        key("documents_max", Whole(1, NO_MOST), "Most documents of a request.").default("2000"),
        key(
            "gzip_level",
            Whole(1, 9),
            "How much time `compress: gzip` spends on making a request smaller: 1 is fastest, 9 smallest.",
        )
        .default("1"),
        key("requests_in_flight", Whole(1, NO_MOST), "Most requests at a time.").default("2"),
        key("timeout", Duration, "The longest that a request may take.").default("30s"),
    ],
    example: Some(Example {
        at: Place::Project,
        text: "sinks:\n  search:\n    opensearch:\n      url: \"${OPENSEARCH_URL}\"\n      bulk: { documents_max: 500, bytes_max: 4MiB, timeout: 1m }",
    }),
    ..EMPTY
};

/// The mapping under `stdout` of a sink.
pub static STDOUT: KeyTable = KeyTable {
    name: "a stdout sink",
    title: "`stdout`",
    docs: "Documents as lines of JSON, to look at or to pipe.",
    keys: &[key("pretty", Boolean, "Whether documents are printed over several lines.").default("false")],
    ..EMPTY
};

/// The mapping under `defaults`.
pub static DEFAULTS: KeyTable = KeyTable {
    name: "`defaults`",
    title: "`defaults`",
    docs: "What every index file takes over. `settings` and `analysis` are merged by name; of the others the index file's \
own wins.",
    keys: &[index::ANALYSIS_KEY, index::COLUMN_CASE, index::ON_ERROR, index::SETTINGS],
    example: Some(Example {
        at: Place::Project,
        text: "defaults:\n  column_case: snake\n  settings: { shards: 2, refresh_interval: 5s }",
    }),
    ..EMPTY
};

/// An entry of `lints`, written as a map.
pub static LINT: KeyTable = KeyTable {
    name: "a lint's setting",
    title: "`lints`",
    docs: "The level of a lint, by its name: `lossy-kind: deny`, or with the reason as a map. docs/lints/README.md lists \
them with their levels and says which are fixed.",
    keys: &[
        key("level", Word(&LEVEL_WORDS, &[]), "The level.").required(),
        key("reason", Text, "Why the level is another one; the lock keeps it."),
    ],
    example: Some(Example {
        at: Place::Project,
        text: "lints:\n  lossy-kind: deny\n  mapping-parameter-ignored: { level: allow, reason: \"shared with another tool\" }",
    }),
    ..EMPTY
};
