//! Every form that the language has, with every key of its table in the grammar: the lock changes, or there is a
//! finding. No key is accepted and ignored.

use std::collections::{BTreeMap, BTreeSet};

use flusso_compiler::grammar::{Forms, KeyTable, TABLES};
use flusso_compiler::kinds;
use flusso_compiler::model::{Function, Verb};
use flusso_schemas::lock::{Lock, write};

use crate::rig::{Project, type_of};

const PROJECT: &str = "version: 1
project: it
source: { postgres: { url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] } }
sinks: { search: { opensearch: { url: \"${URL}\" } }, audit: { stdout: {} } }
indexes: [indexes/it.yml]
";

/// Mappings of one name and what is written around a key of theirs, `@`.
struct Form {
    /// The name of its table.
    what: &'static str,
    project: String,
    index: String,
    /// Keys that are there already.
    base: Vec<String>,
    /// The one key that the form is for, where its lock needs that key.
    only: Option<&'static str>,
}

/// The table of fields: each form gets the keys of all of them.
const FIELD: &str = "a field";

/// Keys that say something to people only.
const FOR_READERS: [&str; 1] = ["description"];

/// Values that say something else than nothing at all, by key.
const SAMPLES: &[(&str, &[&str])] = &[
    ("all", &["[{ id: 7 }]", "[]"]),
    ("analyzer", &["{ flusso_x: { type: english } }", "{ default: { type: english } }"]),
    ("any", &["[{ id: 7 }]", "[]"]),
    ("between", &["[1, 9]", "7"]),
    ("command", &["[pass]"]),
    ("contains", &["7"]),
    ("file", &["/y"]),
    ("filter", &["{ flusso_x: { type: lowercase } }"]),
    ("ilike", &["a%"]),
    ("level", &["warn"]),
    ("like", &["a%"]),
    ("ne", &["7"]),
    ("normalizer", &["{ flusso_x: { type: custom } }"]),
    ("not", &["{ id: 7 }"]),
    ("overlaps", &["7"]),
    ("starts_with", &["a"]),
    ("tokenizer", &["{ flusso_x: { type: standard } }"]),
    ("accept", &["[{ breaking: id, reason: why }]"]),
    ("analysis", &["{ analyzer: { default: { type: english } } }"]),
    ("as", &["flat_object", "seconds", "nope"]),
    ("avg", &["order_items"]),
    ("belongs_to", &["users"]),
    ("bulk", &["{ documents_max: 5 }"]),
    ("bytes_max", &["1MiB"]),
    ("ca_cert", &["/ca.pem"]),
    ("char_filter", &["{ flusso_x: { type: html_strip } }"]),
    ("client_cert", &["/cert.pem"]),
    ("client_key", &["/key.pem"]),
    ("column", &["number", "nope"]),
    ("column_case", &["snake"]),
    ("compress", &["none"]),
    ("constant", &["1"]),
    ("contexts", &["[a]"]),
    ("copy_from", &["[note]"]),
    ("count", &["order_items"]),
    ("database", &["shop"]),
    ("default", &["x", "7", "1e400", ".nan", "true", "null", "2024-02-30"]),
    ("defaults", &["{ settings: { shards: 2 } }"]),
    ("dimension", &["3"]),
    ("distinct", &["true"]),
    ("document_id", &["hash"]),
    ("documents_max", &["5"]),
    ("dynamic", &["false"]),
    ("exists", &["order_items"]),
    ("fields", &["{ id: long }"]),
    ("gt", &["id"]),
    ("gte", &["id"]),
    ("gzip_level", &["9"]),
    ("has_many", &["order_items"]),
    ("has_one", &["order_items"]),
    ("host", &["localhost"]),
    ("index_prefix", &["p_"]),
    ("index_settings", &["{ priority: 3 }", "{ number_of_shards: 3 }", "{ priority: x }"]),
    ("key", &["number"]),
    ("kind", &["object", "keyword", "short"]),
    ("labels", &["{ 1: one }", "{ a: one }"]),
    ("lat", &["id"]),
    ("limit", &["3"]),
    ("lints", &["{ lossy-kind: deny }"]),
    ("lon", &["id"]),
    ("lt", &["id"]),
    ("lte", &["id"]),
    ("manage", &["[]"]),
    ("many_to_many", &["products"]),
    ("max", &["order_items"]),
    ("min", &["order_items"]),
    ("nulls", &["first"]),
    ("of", &["quantity", "{ sql: line }"]),
    ("on_error", &["quarantine"]),
    ("opensearch", &["wildcard"]),
    ("options", &["{ index: false }", "{ store: nope }", "{ nope: 1 }", "{ date_detection: false }"]),
    ("order", &["[b, a]", "[a, a]", "desc"]),
    ("order_by", &["[{ quantity: desc }]", "[]"]),
    ("password", &["\"${PASSWORD}\""]),
    ("port", &["5433"]),
    ("precision", &["micros", "nope"]),
    ("pretty", &["true"]),
    ("publication", &["other"]),
    ("reason", &["why"]),
    ("replication_url", &["\"${OTHER}\""]),
    ("requests_in_flight", &["1"]),
    ("required", &["true"]),
    ("scale", &["3", "30"]),
    ("schema", &["other"]),
    ("server", &["{ listen: \"127.0.0.1:9464\" }"]),
    ("settings", &["{ shards: 3 }", "{ shards: many }", "{ nope: 1 }", "{ replicas: 2 }"]),
    ("sinks", &["[search]", "[]"]),
    ("slot", &["other"]),
    ("sql", &["\"coalesce(number, 'type=text')\""]),
    ("ssl_cert", &["/cert.pem"]),
    ("ssl_key", &["/key.pem"]),
    ("ssl_root_cert", &["/root.pem"]),
    ("sslmode", &["verify-full"]),
    ("statement_timeout", &["5s"]),
    ("stdout", &["{ pretty: true }"]),
    ("subfields", &["{ raw: keyword }", "{ raw: boolean }"]),
    ("sum", &["order_items"]),
    ("through", &["[products]", "[]"]),
    ("timeout", &["5s"]),
    ("tls_verify", &["false"]),
    ("transforms", &["[trim]"]),
    ("url", &["\"${OTHER}\""]),
    ("user", &["\"${USER}\""]),
    ("username", &["\"${USER}\""]),
    ("value", &["line"]),
    ("via", &["line", "{ line: id }", "[]"]),
    ("weight", &["id"]),
    ("when", &["{ note: x }", "{}"]),
    ("where", &["{ quantity: 3 }", "{ note: x }", "{}"]),
    ("zone", &["Europe/Rome", "nope nope"]),
];

fn index(field: &str) -> String {
    format!("version: 1\nindex: it\ntable: orders\nfields:\n  id: long\n  it: {{ {field} }}\n")
}

fn field(base: &[(&str, &str)]) -> Form {
    let keys: Vec<String> = base.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    Form {
        what: FIELD,
        project: PROJECT.to_owned(),
        index: index(&format!("{}@", keys.join(", "))),
        base: base.iter().map(|(key, _)| (*key).to_owned()).collect(),
        only: None,
    }
}

/// A scalar of each kind over an expression of a type that the kind takes, and the other forms of a field.
fn field_forms() -> Vec<Form> {
    let of_kind = |kind: &str| {
        let name = type_of(kind);
        let sql = format!("\"coalesce(note, 'type={name}')\"");
        field(&[("kind", kind), ("sql", &sql)])
    };
    let mut forms: Vec<Form> = kinds::ALL.iter().map(|kind| of_kind(kind.name())).collect();
    let labelled = "\"coalesce(note, 'type=integer')\"";
    forms.extend([
        field(&[("kind", "text"), ("column", "note")]),
        field(&[("kind", "auto"), ("column", "note")]),
        field(&[("kind", "enum"), ("sql", labelled), ("labels", "{ 1: a, 2: b }")]),
        field(&[("fields", "{ number: keyword }")]),
        field(&[("belongs_to", "users"), ("fields", "{ id: long }")]),
        field(&[("belongs_to", "users"), ("value", "name"), ("kind", "text")]),
        field(&[("has_one", "order_items"), ("where", "{ line: 1 }"), ("fields", "{ line: integer }")]),
        field(&[("has_one", "order_items"), ("order_by", "[line]"), ("fields", "{ line: integer }")]),
        field(&[("has_one", "order_items"), ("order_by", "[line]"), ("value", "line"), ("kind", "integer")]),
        field(&[("has_many", "order_items"), ("fields", "{ line: integer }")]),
        field(&[("has_many", "order_items"), ("value", "line"), ("kind", "integer")]),
        field(&[("many_to_many", "products"), ("through", "order_items"), ("fields", "{ id: long }")]),
        field(&[
            ("many_to_many", "products"),
            ("through", "order_items"),
            ("value", "name"),
            ("kind", "text"),
        ]),
        field(&[("count", "order_items")]),
        field(&[("count", "order_items"), ("of", "quantity"), ("kind", "integer")]),
        field(&[("sum", "order_items"), ("of", "line"), ("kind", "long")]),
        field(&[("avg", "order_items"), ("of", "line")]),
        field(&[("min", "order_items"), ("of", "line"), ("kind", "integer")]),
        field(&[("max", "order_items"), ("of", "line"), ("kind", "integer")]),
        field(&[("exists", "order_items")]),
        field(&[("constant", "5")]),
        field(&[("constant", "web"), ("kind", "text")]),
    ]);
    forms
}

/// The mappings that are no fields.
fn other_forms() -> Vec<Form> {
    let file = index("kind: text, column: note");
    let of_index = |what, text: String, base: &[&str]| Form {
        what,
        project: PROJECT.to_owned(),
        index: text,
        base: base.iter().map(|key| (*key).to_owned()).collect(),
        only: None,
    };
    let of_project = |what, from: &str, to: &str, base: &[&str]| {
        assert!(PROJECT.contains(from), "{from}");
        Form {
            what,
            project: PROJECT.replacen(from, to, 1),
            index: file.clone(),
            base: base.iter().map(|key| (*key).to_owned()).collect(),
            only: None,
        }
    };
    // Without `column_case` no column has this name.
    let snake = file.replace("  it: {", "  placedAt: timestamp\n  it: {");
    let only = |key, form: Form| Form { only: Some(key), ..form };
    vec![
        of_index(
            "an index file",
            file.replace("fields:\n", "@\nfields:\n"),
            &["version", "index", "table", "fields", "column_case"],
        ),
        only("column_case", of_index("an index file", snake.replace("fields:\n", "@\nfields:\n"), &[])),
        of_index(
            "a hop",
            index("has_many: products, through: [{ table: order_items@ }], value: name, kind: text"),
            &["table"],
        ),
        of_index(
            "a subfield",
            index("kind: text, column: note, subfields: { raw: { kind: keyword@ } }"),
            &["kind"],
        ),
        of_index(
            "an expression",
            index("sum: order_items, of: { sql: \"coalesce(line, 'type=integer')\"@ }, kind: long"),
            &["sql"],
        ),
        of_index(
            "an item of `order_by`",
            index("has_many: order_items, order_by: [{ line: { order: asc@ } }], fields: { line: integer }"),
            &["order"],
        ),
        of_index(
            "an item of `order_by`",
            index(
                "has_many: order_items, order_by: [{ quantity: { nulls: last@ } }], fields: { line: integer }",
            ),
            &["nulls"],
        ),
        of_project(
            "the project file",
            "indexes:",
            "@\nindexes:",
            &["version", "project", "source", "sinks", "indexes"],
        ),
        of_project("`source`", "postgres: {", "@ postgres: {", &["postgres"]),
        of_project("`source.postgres`", "schema: shop,", "schema: shop@,", &["url", "schema", "manage"]),
        of_project(
            "an opensearch sink",
            "url: \"${URL}\" } }, audit",
            "url: \"${URL}\"@ } }, audit",
            &["url"],
        ),
        of_project("a sink", "stdout: {}", "stdout: {}@", &["stdout"]),
        of_project("a stdout sink", "stdout: {}", "stdout: { @ }", &[]),
        of_project(
            "`bulk`",
            "url: \"${URL}\" } }, audit",
            "url: \"${URL}\", bulk: { timeout: 30s@ } } }, audit",
            &["timeout"],
        ),
        of_project(
            "a reference",
            "url: \"${URL}\" } }, audit",
            "url: \"${URL}\", username: u, password: { file: /x@ } } }, audit",
            &["file"],
        ),
        of_index("`analysis`", file.replace("fields:\n", "analysis: { @ }\nfields:\n"), &[]),
        of_index(
            "an item of `order_by` with its direction",
            index("has_many: order_items, order_by: [{ line: asc@ }], fields: { line: integer }"),
            &[],
        ),
        of_index("a condition", file.replace("fields:\n", "where: { note: x@ }\nfields:\n"), &[]),
        of_index("a test", index("count: order_items, where: { quantity: { gt: 0@ } }"), &["gt"]),
        of_project("`defaults`", "indexes:", "defaults: { @ }\nindexes:", &["column_case"]),
        only(
            "column_case",
            Form {
                index: snake.clone(),
                ..of_project("`defaults`", "indexes:", "defaults: { @ }\nindexes:", &[])
            },
        ),
        of_project(
            "a lint's setting",
            "indexes:",
            "lints: { lossy-kind: { level: deny@ } }\nindexes:",
            &["level"],
        ),
    ]
}

/// The lock without what covers the bytes of the files, and the findings.
fn meaning(project: &Project) -> (Option<String>, BTreeSet<(String, String)>) {
    meaning_of(project, |_| {})
}

/// The same of a lock that was changed.
fn meaning_of(project: &Project, change: impl Fn(&mut Lock)) -> (Option<String>, BTreeSet<(String, String)>) {
    let outcome = project.compile();
    let lock = outcome.lock.map(|mut lock| {
        change(&mut lock);
        lock.inputs.clear();
        lock.sinks.iter_mut().for_each(|sink| sink.inputs.clear());
        lock.indexes.iter_mut().for_each(|index| index.inputs.clear());
        write(&lock)
    });
    let found = outcome.diagnostics.into_iter().map(|each| (each.lint.to_string(), each.message));
    (lock, found.collect())
}

impl Form {
    fn with(&self, key: Option<(&str, &str)>) -> Project {
        let text = |template: &str| {
            let Some((key, value)) = key else { return template.replace('@', "") };
            let alone =
                template.contains("{ @") || template.contains("\n@") || template.contains("@ postgres");
            let entry = format!("{key}: {value}");
            let entry = match alone {
                true if template.contains("@ postgres") => format!("{entry},"),
                true => entry,
                false => format!(", {entry}"),
            };
            template.replace('@', &entry)
        };
        Project::alone(&text(&self.project), &text(&self.index))
    }

    /// Keys that are accepted and ignored.
    fn ignored(&self, keys: &BTreeSet<&'static str>) -> Vec<String> {
        let before = meaning(&self.with(None));
        assert!(before.0.is_some() || self.only.is_some(), "{}: {:?}", self.index, before.1);
        let mut ignored = Vec::new();
        let is_new = |key: &&&str| !FOR_READERS.contains(*key) && !self.base.iter().any(|base| base == **key);
        for key in keys.iter().filter(is_new).filter(|key| self.only.is_none_or(|only| only == **key)) {
            let samples = SAMPLES.iter().find(|(name, _)| name == key);
            let (_, samples) = samples.unwrap_or_else(|| panic!("write a sample of the new key `{key}`"));
            for sample in *samples {
                let (lock, findings) = meaning(&self.with(Some((key, sample))));
                if lock == before.0 && findings.is_subset(&before.1) {
                    ignored.push(format!("{key}: {sample}\nin {}", self.index));
                }
            }
        }
        ignored
    }
}

/// The keys of every table, with those that readers ask for besides: kinds bring keys of their own.
fn known_keys(forms: &[Form]) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let keys_of = |table: &&'static KeyTable| (table.name, table.keys.iter().map(|key| key.name).collect());
    let mut known: BTreeMap<&'static str, BTreeSet<&'static str>> = TABLES.iter().map(keys_of).collect();
    // Where a kind cannot be read every key that some kind has is known.
    let unknown_kind = field(&[("kind", "nope")]);
    for form in forms.iter().chain([&unknown_kind]) {
        for (what, keys) in form.with(None).read.known_keys {
            known.entry(what).or_default().extend(keys);
        }
    }
    known
}

fn assert_none_is_ignored(forms: &[Form], keys_of: impl Fn(&Form) -> BTreeSet<&'static str>) {
    let ignored: Vec<String> = forms.iter().flat_map(|form| form.ignored(&keys_of(form))).collect();
    assert!(ignored.is_empty(), "accepted and ignored:\n{}", ignored.join("\n"));
}

#[test]
fn every_form_of_field_with_every_key_changes_the_lock_or_gives_a_finding() {
    let forms = field_forms();
    let known = known_keys(&forms);
    let keys = &known[FIELD];
    assert!(keys.len() > 40, "{keys:?}");
    assert_none_is_ignored(&forms, |_| keys.clone());
}

#[test]
fn every_other_mapping_with_every_key_changes_the_lock_or_gives_a_finding() {
    let forms = other_forms();
    let known = known_keys(&forms);
    for form in &forms {
        assert!(known.contains_key(form.what), "no table is called {}", form.what);
    }
    let tested: BTreeSet<&str> = forms.iter().map(|form| form.what).chain([FIELD]).collect();
    let untested: Vec<&&str> = known.keys().filter(|what| !tested.contains(*what)).collect();
    assert!(untested.is_empty(), "add a form for {untested:?}");
    assert_none_is_ignored(&forms, |form| known[form.what].clone());
}

/// Mappings in which nothing stands that has a default.
fn forms_without_defaults() -> Vec<Form> {
    let file = index("kind: text, column: note");
    let sink = "url: \"${URL}\" } }, audit";
    let source = "{ url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] }";
    let form = |what, project: String, index: &str, base: &[&str]| Form {
        what,
        project,
        index: index.to_owned(),
        base: base.iter().map(|key| (*key).to_owned()).collect(),
        only: None,
    };
    vec![
        form(
            "`bulk`",
            PROJECT.replacen(sink, "url: \"${URL}\", bulk: { compress: none@ } } }, audit", 1),
            &file,
            &["compress"],
        ),
        form("`defaults`", PROJECT.replacen("indexes:", "defaults: { @ }\nindexes:", 1), &file, &[]),
        form(
            "an index file",
            PROJECT.to_owned(),
            &file.replace("fields:\n", "@\nfields:\n"),
            &["version", "index", "table", "fields"],
        ),
        form(
            "`source.postgres`",
            PROJECT.replacen(source, "{ host: db, database: shop@ }", 1),
            &file.replace("table: orders", "table: shop.orders"),
            &["host", "database"],
        ),
    ]
}

/// Which form of a field the keys that are there make.
fn form_of(base: &[String]) -> Forms {
    let has = |key: &str| base.iter().any(|base| base == key);
    let verb = |verb| Forms::of_relation(verb, has("fields"));
    let aggregate = |function| Forms::of_aggregate(function, has("kind"));
    match base[0].as_str() {
        "kind" => Forms::SCALAR,
        "fields" => Forms::OBJECT,
        "constant" => Forms::CONSTANTS,
        "belongs_to" => verb(Verb::BelongsTo),
        "has_one" => verb(Verb::HasOne),
        "has_many" => verb(Verb::HasMany),
        "many_to_many" => verb(Verb::ManyToMany),
        "count" => aggregate(Function::Count),
        "sum" => aggregate(Function::Sum),
        "avg" => aggregate(Function::Avg),
        "min" => aggregate(Function::Min),
        "max" => aggregate(Function::Max),
        "exists" => aggregate(Function::Exists),
        other => panic!("unknown head `{other}`"),
    }
}

/// A default as a file would say it; none where it follows from something else.
fn literal(default: &str) -> Option<String> {
    let is_literal = !default.is_empty() && (!default.contains(' ') || default.starts_with(['[', '{']));
    is_literal.then(|| default.replace("PROJECT", "it"))
}

/// The same without the kinds' own keys, which the lock keeps as they are written.
fn documents(project: &Project) -> (Option<String>, BTreeSet<(String, String)>) {
    meaning_of(project, |lock| {
        let fields = lock.indexes.iter_mut().flat_map(|index| index.fields.values_mut());
        fields.for_each(|field| field.parameters.clear());
    })
}

#[test]
fn a_default_that_is_written_changes_nothing() {
    // The forms of other mappings name what differs from its default.
    let project = PROJECT.replace(", manage: [publication, slot, replica_identity]", "");
    let mut tried = BTreeSet::new();
    let forms = field_forms().into_iter().chain(other_forms()).filter(|form| form.only.is_none());
    for form in forms.chain(forms_without_defaults()) {
        let form = Form { project: form.project.replace(PROJECT, &project), ..form };
        let before = documents(&form.with(None));
        let table = TABLES.iter().find(|table| table.name == form.what).expect("a table");
        let own = kinds::ALL.iter().flat_map(|kind| kind.own_keys());
        let forms = if form.what == FIELD { form_of(&form.base) } else { Forms::ALL };
        for key in table.keys_of(forms).chain(own.filter(|_| form.what == FIELD)) {
            let Some(default) =
                literal(key.default).filter(|_| !form.base.iter().any(|base| base == key.name))
            else {
                continue;
            };
            let after = documents(&form.with(Some((key.name, &default))));
            // What this form does not take has a finding.
            if after.1.is_subset(&before.1) {
                assert_eq!(after.0, before.0, "{}: {default} in {} {}", key.name, form.index, form.project);
                tried.insert((table.name, key.name));
            }
        }
    }
    let own = kinds::ALL.iter().flat_map(|kind| kind.own_keys()).map(|key| (FIELD, key));
    let keys = TABLES.iter().flat_map(|table| table.keys.iter().map(|key| (table.name, key))).chain(own);
    let missed: BTreeSet<(&str, &str)> = keys
        .filter(|(_, key)| literal(key.default).is_some())
        .map(|(table, key)| (table, key.name))
        .filter(|each| !tried.contains(each))
        .collect();
    assert_eq!(missed, BTreeSet::new(), "defaults that no form tries");
}
