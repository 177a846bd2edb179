//! The JSON Schemas of the two files take what the reader takes, and refuse what it refuses: over every file of the
//! fixtures and over changes of each in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use flusso_compiler::diagnostic::{Diagnostic, Level, SourceFile};
use flusso_compiler::syntax::yaml;
use flusso_compiler::{findings, read};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::house::root;

/// What the reader refuses and no JSON Schema of one file can say.
struct Exception {
    lint: &'static str,
    /// A part of the message.
    message: &'static str,
    why: &'static str,
    which: Which,
    /// Lines that have it beside those that every file has.
    example: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        lint: "duplicate-alias",
        message: "write to one cluster",
        why: "it compares sinks",
        which: Which::Project,
        example: "sinks: { a: { opensearch: { url: \"${U}\" } }, b: { opensearch: { url: \"${U}\" } } }",
    },
    Exception {
        lint: "malformed-suppression",
        message: "",
        why: "comments are no values",
        which: Which::Index,
        example: "# flusso: allow lossy-kind",
    },
    Exception {
        lint: "suppression-without-reason",
        message: "",
        why: "comments are no values",
        which: Which::Index,
        example: "# flusso: allow(lossy-kind)\ndescription: x",
    },
    Exception {
        lint: "name-too-long",
        message: "",
        why: "Postgres counts bytes, and JSON Schema characters",
        which: Which::Project,
        example: "source: { postgres: { url: \"${U}\", schema: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg } }",
    },
    Exception {
        lint: "through-names-target",
        message: "",
        why: "it compares two keys",
        which: Which::Index,
        example: "fields: { a: { has_many: b, through: [c, b], fields: { id: long } } }",
    },
    Exception {
        lint: "unknown-column",
        message: "the direction goes after a colon",
        why: "any text may be a column",
        which: Which::Index,
        example: "fields: { a: { has_many: b, order_by: [line desc], fields: { id: long } } }",
    },
    Exception {
        lint: "unknown-setting",
        message: "",
        why: "settings may be written as maps in maps",
        which: Which::Index,
        example: "settings: { translog: { wibble: 1 } }",
    },
    Exception {
        lint: "reserved-setting",
        message: "",
        why: "settings may be written as maps in maps",
        which: Which::Index,
        example: "settings: { index: { gc_deletes: 1m } }",
    },
    Exception {
        lint: "unknown-sink",
        message: "",
        why: "sinks are named in the other file",
        which: Which::Index,
        example: "sinks: [wibble]",
    },
    Exception {
        lint: "wrong-type",
        message: "is neither a reference nor a",
        why: "which URLs can be read is more than a pattern says",
        which: Which::Project,
        example: "source: { postgres: { url: wibble } }",
    },
];

/// A file with these lines, and for what they do not say what every file says.
fn completed(which: Which, example: &str) -> String {
    let base = if which == Which::Project { PROJECT } else { INDEX };
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let keys: Vec<String> = example.lines().map(key).collect();
    let rest: Vec<&str> = base.lines().filter(|line| !keys.contains(&key(line))).collect();
    format!("{}\n{example}\n", rest.join("\n"))
}

#[test]
fn every_exception_is_one() {
    let schemas = Schemas::committed();
    for Exception { lint, message, why, which, example } in EXCEPTIONS {
        let text = completed(*which, example);
        assert_eq!(schemas.takes(*which, &text), Ok(()), "{why}: the schema says it");
        let found = refusals(*which, &text);
        let is_it = |each: &Diagnostic| each.lint.name == *lint && each.message.contains(message);
        assert!(found.iter().any(is_it), "{text}{found:#?}");
    }
}

/// Of so many changes of a file one is compared; each file begins with another.
const STEP: usize = 23;

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Project,
    Index,
}

const PROJECT: &str = "version: 1\nproject: it\nsource: { postgres: { url: \"${URL}\" } }\nsinks: { search: { opensearch: { url: \"${URL}\" } }, audit: { stdout: {} }, out: { stdout: {} } }\nindexes: [i.yml]\n";
const INDEX: &str = "version: 1\nindex: it\ntable: t\nfields: { id: long }\n";

struct Schemas(BTreeMap<Which, Validator>);

impl Schemas {
    fn committed() -> Self {
        let schema = |name: &str| {
            let text = fs::read_to_string(root().join("schemas/json").join(name)).expect("it is committed");
            let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
            jsonschema::draft202012::meta::validate(&schema).expect("a schema of draft 2020-12");
            jsonschema::validator_for(&schema).expect("a schema")
        };
        Self(BTreeMap::from([
            (Which::Project, schema("project.schema.json")),
            (Which::Index, schema("index.schema.json")),
        ]))
    }

    fn takes(&self, which: Which, text: &str) -> Result<(), String> {
        let root = yaml::parse(0, text).root.unwrap_or_default();
        let value = Value::Object(root.json());
        let validator = &self.0[&which];
        if validator.is_valid(&value) {
            return Ok(());
        }
        Err(validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect())
    }
}

/// Findings of the reader that fail, over a file alone.
fn refusals(which: Which, text: &str) -> Vec<Diagnostic> {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let (project, index, number) = match which {
        Which::Project => (text, INDEX, 0),
        Which::Index => (PROJECT, text, 1),
    };
    let found = findings(&read(file("flusso.yml", project), vec![file("i.yml", index)]));
    found.into_iter().filter(|each| each.level == Level::Deny && each.primary.0.file == number).collect()
}

fn files() -> Vec<(PathBuf, Which, String)> {
    let mut found = Vec::new();
    collect(&root().join("fixtures"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, Which, String)>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of the checkout")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            let text = String::from_utf8_lossy(&fs::read(&path).expect("it can be read")).into_owned();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let which = if name.contains("flusso") { Which::Project } else { Which::Index };
            found.push((path, which, text));
        }
    }
}

/// What one side takes and the other refuses.
#[derive(Default)]
struct Differences {
    found: BTreeSet<String>,
    compared: usize,
    refused: usize,
}

impl Differences {
    fn compare(&mut self, schemas: &Schemas, which: Which, text: &str) {
        let refusals = refusals(which, text);
        // What cannot be read as YAML has no value for a schema to look at.
        if refusals.iter().any(|each| {
            ["yaml-syntax", "duplicate-key", "merge-key", "unknown-tag", "anchor-bomb", "tab-indentation"]
                .contains(&each.lint.name)
        }) {
            return;
        }
        self.compared += 1;
        let taken = schemas.takes(which, text);
        match (refusals.as_slice(), taken) {
            ([], Err(error)) => {
                self.found.insert(format!("the schema refuses, the reader takes: {error}\n{text}"));
            }
            ([], Ok(())) => {}
            (_, Err(_)) => self.refused += 1,
            (refusals, Ok(())) => {
                let is_excepted = |each: &&Diagnostic| {
                    EXCEPTIONS.iter().any(|exception| {
                        each.lint.name == exception.lint && each.message.contains(exception.message)
                    })
                };
                let others = refusals.iter().filter(|each| !is_excepted(each));
                self.found.extend(others.map(|each| {
                    format!("the reader refuses, the schema takes: {}: {}", each.lint, each.message)
                }));
            }
        }
    }
}

#[test]
fn the_schemas_take_what_the_reader_takes_and_nothing_else() {
    let schemas = Schemas::committed();
    let mut differences = Differences::default();
    for (at, (_, which, text)) in files().into_iter().enumerate() {
        differences.compare(&schemas, which, &text);
        // A change of what is refused already is refused for that.
        if !refusals(which, &text).is_empty() {
            continue;
        }
        let root = yaml::parse(0, &text).root.unwrap_or_default();
        let value = Value::Object(root.json());
        for (path, change) in changes(&value).iter().skip(at % STEP).step_by(STEP) {
            let mut changed = value.clone();
            change.apply(changed.pointer_mut(path).expect("a path of this value"));
            differences.compare(&schemas, which, &changed.to_string());
        }
    }
    let Differences { found, compared, refused } = differences;
    let shown: Vec<&String> = found.iter().take(60).collect();
    assert!(found.is_empty(), "{} differences: {shown:#?}", found.len());
    assert!(refused > 5_000 && compared - refused > 2_000, "{compared} compared, {refused} refused");
}

/// A change of a value in one place.
#[derive(Clone)]
enum Change {
    Replace(Value),
    RemoveKey(String),
    /// The key with one more letter.
    MisspellKey(String),
    AddKey(&'static str, Value),
    RemoveItem(usize),
}

impl Change {
    fn apply(&self, value: &mut Value) {
        match (self, value) {
            (Self::Replace(by), value) => value.clone_from(by),
            (Self::RemoveKey(key), Value::Object(entries)) => drop(entries.shift_remove(key)),
            (Self::MisspellKey(key), Value::Object(entries)) => {
                let value = entries.shift_remove(key).expect("a key of this map");
                entries.insert(format!("{key}x"), value);
            }
            (Self::AddKey(key, value), Value::Object(entries)) => {
                entries.entry(*key).or_insert(value.clone());
            }
            (Self::RemoveItem(at), Value::Array(items)) => drop(items.remove(*at)),
            _ => unreachable!("a change is made for its value"),
        }
    }
}

/// Every change in one place, with the path of what it changes: a key less, a key more, a key misspelt, a value of
/// another type, a word misspelt.
fn changes(value: &Value) -> Vec<(String, Change)> {
    let additions = additions();
    let mut found = Vec::new();
    collect_changes(String::new(), value, &additions, &mut found);
    found
}

fn collect_changes(
    path: String,
    value: &Value,
    additions: &[(&'static str, Value)],
    found: &mut Vec<(String, Change)>,
) {
    if !path.is_empty() {
        found.extend(replacements(value).into_iter().map(|by| (path.clone(), Change::Replace(by))));
    }
    match value {
        Value::Object(entries) => {
            for key in entries.keys() {
                found.push((path.clone(), Change::RemoveKey(key.clone())));
                found.push((path.clone(), Change::MisspellKey(key.clone())));
            }
            let added = additions.iter().map(|(key, value)| Change::AddKey(key, value.clone()));
            found.extend(added.map(|change| (path.clone(), change)));
            for (key, inner) in entries {
                let step = key.replace('~', "~0").replace('/', "~1");
                collect_changes(format!("{path}/{step}"), inner, additions, found);
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                found.push((path.clone(), Change::RemoveItem(at)));
                collect_changes(format!("{path}/{at}"), inner, additions, found);
            }
        }
        _ => {}
    }
}

fn replacements(value: &Value) -> Vec<Value> {
    let mut found = vec![
        json!(7),
        json!(-1),
        json!(2.5),
        json!(true),
        json!("wibble"),
        json!("Not a name"),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({ "wibble": 1 }),
    ];
    if let Value::String(text) = value {
        found.push(json!(format!("{text}x")));
        found.push(json!([text]));
    }
    found
}

/// One entry for each key of the language.
fn additions() -> Vec<(&'static str, Value)> {
    let keys = flusso_compiler::grammar::TABLES.iter().flat_map(|table| table.keys).map(|key| key.name);
    let own = flusso_compiler::kinds::ALL.iter().flat_map(|kind| kind.own_keys()).map(|key| key.name);
    let keys: BTreeSet<&'static str> = keys.chain(own).chain(["wibble"]).collect();
    let samples =
        |key| [json!("text"), json!(3), json!(true), json!({ "id": "long" })].map(|value| (key, value));
    keys.into_iter().flat_map(samples).collect()
}
