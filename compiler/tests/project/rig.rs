//! Fixture projects with recorded facts: what the catalog said, and what the server said of expressions.

use std::fs;
use std::path::{Path, PathBuf};

use flusso_compiler::diagnostic::SourceFile;
use flusso_compiler::kinds::Kinds;
use flusso_compiler::{
    Compiled, ParsedProject, PatternProblem, WhatIsWrong, judge, levels, lock, parse, parse_with, resolve,
};
use flusso_schemas::facts::{
    Ask, CatalogFacts, ColumnFacts, Probe, ProbeError, ProbeOutcome, QueryRefusal, Question,
};
use serde_json::{Map, Value};

/// A type that each kind takes; text where none is named.
const TYPES: [(&str, &str); 18] = [
    ("binary", "bytea"),
    ("boolean", "boolean"),
    ("byte", "numeric(2,0)"),
    ("date", "date"),
    ("decimal", "numeric(12,2)"),
    ("double", "double precision"),
    ("float", "real"),
    ("half_float", "real"),
    ("integer", "integer"),
    ("interval", "interval"),
    ("ip", "inet"),
    ("ip_range", "cidr"),
    ("json", "jsonb"),
    ("long", "bigint"),
    ("short", "smallint"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("uuid", "uuid"),
];

/// A type that a kind takes.
pub(crate) fn type_of(kind: &str) -> &'static str {
    TYPES.iter().find(|(named, _)| *named == kind).map_or("text", |(_, pg_type)| pg_type)
}

/// Types that an expression without a recorded answer may have.
const GUESSES: [&str; 5] = ["text", "integer", "numeric", "boolean", "double precision"];

/// A project file over the shop's schema, with the one index file `indexes/it.yml`.
pub(crate) const PROJECT: &str = "
version: 1
project: it
source: { postgres: { url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] } }
sinks: { search: { opensearch: { url: \"${URL}\" } } }
indexes: [indexes/it.yml]
";

/// A project that was read, with what is known of its source.
pub(crate) struct Project {
    /// The project.
    pub read: ParsedProject,
    facts: CatalogFacts,
    answers: Map<String, Value>,
    refusals: Vec<QueryRefusal>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The folders of a group of fixtures, sorted.
pub(crate) fn folders(group: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(fixtures().join(group)) else { return Vec::new() };
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn object(path: &Path) -> Map<String, Value> {
    if path.exists() { json(path).as_object().cloned().expect("an object") } else { Map::new() }
}

fn source_file(folder: &Path, name: &str) -> SourceFile {
    SourceFile { path: name.to_owned(), text: text(&folder.join(name)) }
}

impl Project {
    /// A project of `fixtures/projects`.
    pub(crate) fn of_folder(name: &str) -> Self {
        let folder = fixtures().join("projects").join(name);
        let entries = fs::read_dir(folder.join("indexes")).expect("the folder of index files");
        let names =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
        let indexes = names.map(|name| source_file(&folder, &format!("indexes/{name}"))).collect();
        let facts = serde_json::from_value(json(&folder.join("facts.json"))).expect("recorded facts");
        let answers = object(&folder.join("answers.json"));
        let refusals = Vec::new();
        Self { read: parse(source_file(&folder, "flusso.yml"), indexes), facts, answers, refusals }
    }

    /// A folder of `fixtures/lints`: what has the lint.
    pub(crate) fn of_lint(folder: &Path) -> Self {
        Self::of_fixture(
            folder,
            ["flusso.yml", "bad.yml", "facts.patch.json", "patterns.json", "refusals.json", "other.yml"],
        )
    }

    /// The nearest project that does not have it: `good.yml`, `good-flusso.yml`, `good-other.yml`,
    /// `good.patch.json`, `good.patterns.json` and `good.refusals.json` where they exist, else the same files.
    pub(crate) fn of_better_lint(folder: &Path) -> Self {
        let better =
            |good: &'static str, same: &'static str| if folder.join(good).exists() { good } else { same };
        Self::of_fixture(
            folder,
            [
                better("good-flusso.yml", "flusso.yml"),
                better("good.yml", "bad.yml"),
                better("good.patch.json", "facts.patch.json"),
                better("good.patterns.json", "patterns.json"),
                better("good.refusals.json", "refusals.json"),
                better("good-other.yml", "other.yml"),
            ],
        )
    }

    fn of_fixture(folder: &Path, [project, index, patch, patterns, refusals, other]: [&str; 6]) -> Self {
        let shop = fixtures().join("projects/shop");
        let project = match folder.join(project).exists() {
            true => source_file(folder, project),
            false => source_file(&shop, "flusso.yml"),
        };
        let project = SourceFile { path: "flusso.yml".to_owned(), ..project };
        let mut indexes: Vec<SourceFile> = Vec::new();
        for name in [index, other] {
            if folder.join(name).exists() {
                indexes.push(source_file(folder, name));
            }
        }
        let mut facts = json(&shop.join("facts.json"));
        merge(&mut facts, &Value::Object(object(&folder.join(patch))));
        let facts = serde_json::from_value(facts).expect("facts");
        let mut answers = object(&shop.join("answers.json"));
        answers.extend(object(&folder.join("answers.json")));
        let mut read = parse(project, indexes);
        read.report_patterns(&pattern_problems(&folder.join(patterns)));
        let refusals = object(&folder.join(refusals)).iter().map(refusal).collect();
        Self { read, facts, answers, refusals }
    }

    /// The same with its files in another order.
    pub(crate) fn files_reversed(&self) -> Self {
        let mut files = self.read.files.clone();
        let project = files.remove(0);
        files.reverse();
        let (facts, answers, refusals) = (self.facts.clone(), self.answers.clone(), self.refusals.clone());
        Self { read: parse(project, files), facts, answers, refusals }
    }

    /// The same with another text of one file.
    pub(crate) fn with_file(&self, path: &str, text: &str) -> Self {
        let mut files = self.read.files.clone();
        files.iter_mut().filter(|file| file.path == path).for_each(|file| file.text = text.to_owned());
        let project = files.remove(0);
        let (facts, answers, refusals) = (self.facts.clone(), self.answers.clone(), self.refusals.clone());
        Self { read: parse(project, files), facts, answers, refusals }
    }

    /// The same with other texts, the project's file first.
    pub(crate) fn with_files(&self, files: Vec<(String, String)>) -> Self {
        let mut files = files.into_iter().map(|(path, text)| SourceFile { path, text });
        let project = files.next().expect("a project's file");
        let (facts, answers, refusals) = (self.facts.clone(), self.answers.clone(), self.refusals.clone());
        Self { read: parse(project, files.collect()), facts, answers, refusals }
    }

    /// A project of one index over the shop's facts. The type of an expression is what it says of itself
    /// (`'type=bytea'`), else text.
    pub(crate) fn alone(project: &str, index: &str) -> Self {
        Self::alone_with(Kinds::standard(), project, index, &[], "text")
    }

    /// The same with other kinds, more columns in every table, and another type of expressions that do not say theirs.
    pub(crate) fn alone_with(
        kinds: Kinds,
        project: &str,
        index: &str,
        columns: &[(&str, &str)],
        expression: &str,
    ) -> Self {
        let shop = fixtures().join("projects/shop");
        let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
        let read = parse_with(kinds, file("flusso.yml", project), vec![file("indexes/it.yml", index)]);
        let mut facts: CatalogFacts = serde_json::from_value(json(&shop.join("facts.json"))).expect("facts");
        for relation in facts.relations.values_mut() {
            relation.columns.extend(columns.iter().map(|(name, pg_type)| column_facts(name, pg_type)));
        }
        let type_of = |probe: &Probe| {
            let (_, rest) = probe.question.sql.split_once("'type=")?;
            rest.split_once('\'').map(|(name, _)| name.to_owned())
        };
        let answers = resolve(&read, &facts)
            .probes()
            .iter()
            .filter(|probe| probe.question.ask == Ask::Types && !probe.question.sql.starts_with("select 1 "))
            .map(|probe| {
                let name = type_of(probe).unwrap_or_else(|| expression.to_owned());
                (probe.question.sql.clone(), Value::from(vec![name]))
            })
            .collect();
        Self { read, facts, answers, refusals: Vec::new() }
    }

    /// The same with a table that is a view, which has no keys.
    pub(crate) fn with_view(mut self, table: &str) -> Self {
        let mut tables = self.facts.relations.iter_mut();
        let (_, facts) = tables.find(|(name, _)| name.name.as_str() == table).expect("a known table");
        facts.kind = "v".to_owned();
        facts.indexes.clear();
        self.facts.foreign_keys.retain(|key| !format!("{key:?}").contains(table));
        self
    }

    /// The same with a column of another type, of an extension in that schema.
    pub(crate) fn with_extension_type(mut self, table: &str, column: &str, schema: &str, name: &str) -> Self {
        let mut tables = self.facts.relations.iter_mut();
        let (_, facts) = tables.find(|(name, _)| name.name.as_str() == table).expect("a known table");
        let mut columns = facts.columns.iter_mut();
        let found = columns.find(|each| each.name == column).expect("a known column");
        found.pg_type = format!("{schema}.{name}");
        found.base.clone_from(&found.pg_type);
        schema.clone_into(&mut found.type_schema);
        self
    }

    /// What is asked of the server.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.probes().into_iter().map(|probe| probe.question).collect()
    }

    /// The same with another answer to each question that `is_asked` picks.
    pub(crate) fn answering(mut self, answer: &Value, is_asked: impl Fn(&Question) -> bool) -> Self {
        let asked = self.probes().into_iter().map(|probe| probe.question);
        let asked: Vec<Question> = asked.filter(is_asked).collect();
        assert!(!asked.is_empty(), "no such question");
        self.answers.extend(asked.into_iter().map(|question| (question.sql, answer.clone())));
        self
    }

    /// The same with one index file only, of this text.
    pub(crate) fn only_index(&self, path: &str, text: &str) -> Self {
        let index = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let read = parse(self.read.files[0].clone(), vec![index]);
        Self { read, facts: self.facts.clone(), answers: self.answers.clone(), refusals: Vec::new() }
    }

    /// Paths of its index files.
    pub(crate) fn index_files(&self) -> Vec<String> {
        self.read.files[1..].iter().map(|file| file.path.clone()).collect()
    }

    /// Names of all columns of the tables that it names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = String> {
        let tables = self.read.facts_needed().into_iter().filter_map(|name| self.facts.relations.get(&name));
        tables.flat_map(|table| table.columns.iter().map(|column| column.name.clone()))
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> &str {
        &self.read.files.iter().find(|file| file.path == path).expect("a file that was read").text
    }

    fn probes(&self) -> Vec<Probe> {
        resolve(&self.read, &self.facts).probes().to_vec()
    }

    fn judged(&self, answers: &[ProbeOutcome]) -> Compiled {
        lock(levels(&judge(resolve(&self.read, &self.facts), answers), &self.refusals))
    }

    /// Compiles it with the recorded answers.
    pub(crate) fn compile(&self) -> Compiled {
        let probes = self.probes();
        let answers: Vec<ProbeOutcome> = probes.iter().filter_map(|probe| self.answer(probe)).collect();
        self.judged(&answers)
    }

    /// Compiles it with answers that depend on more of a question than its text; the recorded one where there is none.
    pub(crate) fn compile_answering(&self, answer: impl Fn(&Question) -> Option<Value>) -> Compiled {
        let given = |probe: &Probe| {
            let given = answer(&probe.question).map(|answer| recorded(&answer));
            given.map(|result| ProbeOutcome { id: probe.id, result }).or_else(|| self.answer(probe))
        };
        let answers: Vec<ProbeOutcome> = self.probes().iter().filter_map(given).collect();
        self.judged(&answers)
    }

    /// Compiles it with the recorded answers, and with the first type that fits for what was not recorded.
    pub(crate) fn compile_guessing(&self) -> Compiled {
        let probes = self.probes();
        let is_recorded = probes.iter().all(|probe| self.answer(probe).is_some());
        let guesses = if is_recorded { &GUESSES[..1] } else { &GUESSES };
        let mut refused = None;
        for guess in guesses {
            let guessed =
                |probe: &Probe| ProbeOutcome { id: probe.id, result: Ok(vec![(*guess).to_owned()]) };
            let answer = |probe: &Probe| self.answer(probe).unwrap_or_else(|| guessed(probe));
            let answers: Vec<ProbeOutcome> = probes.iter().map(answer).collect();
            let outcome = self.judged(&answers);
            if outcome.lock.is_some() {
                return outcome;
            }
            refused.get_or_insert(outcome);
        }
        refused.expect("there are guesses")
    }

    /// A condition holds unless an answer says otherwise; a type must have been recorded.
    fn answer(&self, probe: &Probe) -> Option<ProbeOutcome> {
        let sql = &probe.question.sql;
        let result = match (self.answers.get(sql), probe.question.ask) {
            (Some(answer), _) => recorded(answer),
            (None, Ask::Rows) => Ok(volatility(sql)),
            (None, Ask::Plan(_)) => Ok(plan(sql)),
            (None, Ask::Types) if sql.starts_with("select 1 ") => Ok(vec!["integer".to_owned()]),
            (None, Ask::Types) => return None,
        };
        Some(ProbeOutcome { id: probe.id, result })
    }
}

/// A column of a type that is Postgres' own.
fn column_facts(name: &str, pg_type: &str) -> ColumnFacts {
    ColumnFacts {
        name: name.to_owned(),
        pg_type: pg_type.to_owned(),
        base: pg_type.to_owned(),
        base_kind: "b".to_owned(),
        type_schema: "pg_catalog".to_owned(),
        collation_deterministic: true,
        ..ColumnFacts::default()
    }
}

/// What the command line found under `indexes`.
fn pattern_problems(path: &Path) -> Vec<PatternProblem> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let problem = |(pattern, what): (String, Value)| {
        let what = match what.get("path") {
            Some(path) => WhatIsWrong::Unreadable { path: text(path), reason: text(&what["reason"]) },
            None => {
                let near = what["near"].as_array().expect("a list").iter().map(text).collect();
                WhatIsWrong::NoFile { near, is_folder: false }
            }
        };
        PatternProblem { pattern, what }
    };
    object(path).into_iter().map(problem).collect()
}

/// Lines, or an error.
fn recorded(answer: &Value) -> Result<Vec<String>, ProbeError> {
    match answer {
        Value::Array(types) => Ok(types.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        refused => Err(error(refused)),
    }
}

fn error(recorded: &Value) -> ProbeError {
    ProbeError {
        sqlstate: recorded["sqlstate"].as_str().expect("five characters").to_owned(),
        message: recorded["message"].as_str().expect("a message").to_owned(),
        position: None,
    }
}

/// A query of an index, by the index's name, that the server refused.
fn refusal((index, recorded): (&String, &Value)) -> QueryRefusal {
    let query = recorded["query"].as_str().expect("which query").to_owned();
    QueryRefusal { index: index.clone(), query, error: error(recorded) }
}

/// What the catalog says of the functions that fixtures call and that are not immutable.
fn volatility(sql: &str) -> Vec<String> {
    let known = [("now", 's'), ("pg_read_file", 'v')];
    let named = known.iter().filter(|(name, _)| sql.ends_with(&format!("p.proname = '{name}'")));
    named.map(|(_, volatility)| format!("pg_catalog\u{1f}{volatility}")).collect()
}

/// A plan that folds a contradiction, as one over immutable functions does.
fn plan(sql: &str) -> Vec<String> {
    let is_immutable = !["now()", "pg_read_file("].iter().any(|call| sql.contains(call));
    vec![if is_immutable { "  One-Time Filter: false" } else { "  Filter: …" }.to_owned()]
}

/// JSON merge patch (RFC 7386); a list is replaced, and `null` takes a key out.
fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        *target = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
