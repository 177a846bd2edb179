//! A project as it is written: the text of every file, its parsed content, and the findings of the parser.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use flusso_schemas::lock::{SinkKind, SinkPlan, SourceEndpoint, SourcePlan, TlsFiles};
use flusso_schemas::name::TableName;
use serde_json::json;

use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::kinds::Kinds;
use crate::mask::{self, Quotable};
use crate::patterns::{self, PatternProblem};
use crate::suppress;
use crate::syntax::field::{ParsedField, ParsedForm, ParsedShape};
use crate::syntax::index::{self, ParsedIndex};
use crate::syntax::keys::{At, KnownKeys, Reader};
use crate::syntax::project::{self, Project};
use crate::syntax::scalar::ParsedScalar;
use crate::syntax::{sink, tree, yaml};
use flusso_lints::words::nearest;
use flusso_lints::{duplicate_index, invalid_index_name, literal_secret, mutually_exclusive_keys};

/// A project's files, read.
#[derive(Debug)]
pub struct ParsedProject {
    /// The project's file first, then the index files in the order of their paths.
    pub files: Vec<SourceFile>,
    /// The project file; none where nothing of it could be read.
    pub(crate) project: Option<Project>,
    /// The index files, except those that could not be read at all.
    pub(crate) indexes: Vec<ParsedIndex>,
    /// Findings of the parser, unsorted.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Every comment, in the order of files and lines.
    pub(crate) comments: Vec<Place>,
    /// The kinds that its fields may have.
    pub(crate) kinds: Kinds,
    /// Spans of the keys and items of each file that has a comment.
    pub(crate) nodes: BTreeMap<usize, Vec<Range<usize>>>,
    /// The keys that were known, by the name of the mapping's table.
    pub known_keys: KnownKeys,
}

/// The settings that are needed to query the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Host, port, database and user, or a variable that holds them.
    pub endpoint: SourceEndpoint,
    /// TLS mode and files.
    pub tls: TlsFiles,
    /// Bound of one statement, milliseconds.
    pub statement_timeout_ms: u64,
}

/// The patterns under `indexes` of a project file, so that the index files can be found.
pub fn index_globs(project: &str) -> Vec<String> {
    let mut reader = Reader::new(0, Kinds::standard());
    let root = yaml::parse(0, project).root.unwrap_or_default();
    let entry = root.get("indexes");
    entry.map_or_else(Vec::new, |entry| {
        reader.texts("indexes", &entry.value).into_iter().map(|glob| glob.value).collect()
    })
}

/// Whether a text is an index file's, which somebody may name in the place of the project's.
pub fn is_index_file(text: &str) -> bool {
    let root = yaml::parse(0, text).root.unwrap_or_default();
    root.get("index").is_some() && root.get("indexes").is_none() && root.get("source").is_none()
}

impl Connection {
    /// That of a source.
    pub fn of(source: &SourcePlan) -> Self {
        Self {
            endpoint: source.endpoint.clone(),
            tls: source.tls.clone(),
            statement_timeout_ms: source.statement_timeout_ms,
        }
    }
}

impl ParsedProject {
    /// Reads a project's file and its index files, in the order of their paths.
    pub(crate) fn new(kinds: Kinds, project: SourceFile, mut indexes: Vec<SourceFile>) -> Self {
        indexes.sort_by(|a, b| a.path.cmp(&b.path));
        let mut parsed = Self {
            files: vec![project],
            project: None,
            indexes: Vec::new(),
            diagnostics: Vec::new(),
            comments: Vec::new(),
            kinds,
            nodes: BTreeMap::new(),
            known_keys: KnownKeys::new(),
        };
        parsed.files.append(&mut indexes);
        parsed.read_project();
        for file in 1..parsed.files.len() {
            parsed.read_index(file);
        }
        parsed.check_names();
        parsed
    }

    /// Adds the problems of the patterns under `indexes`, which only the reader of files can see.
    pub fn report_patterns(&mut self, problems: &[PatternProblem]) {
        let patterns =
            self.project.as_ref().map(|project| project.index_globs.as_slice()).unwrap_or_default();
        // A pattern with a credential in it has its finding already.
        let problems = problems.iter().filter(|problem| !mask::holds_credential(&problem.pattern));
        let found: Vec<Diagnostic> = problems.map(|problem| patterns::finding(problem, patterns)).collect();
        self.diagnostics.extend(found);
    }

    /// What it takes to ask the source; none where that could not be read.
    pub fn connection(&self) -> Option<Connection> {
        self.source().map(Connection::of)
    }

    /// Name of the project, where it has one.
    pub fn project_name(&self) -> Option<&str> {
        self.project.as_ref()?.name.as_ref().map(|name| name.value.as_str())
    }

    /// The source as the project file has it; none where that could not be read.
    pub fn source(&self) -> Option<&SourcePlan> {
        self.project.as_ref()?.source.as_ref()
    }

    /// The sinks that could be read, in the order of their names.
    pub fn sinks(&self) -> impl Iterator<Item = &SinkPlan> {
        self.project.iter().flat_map(|project| &project.sinks).map(|sink| &sink.value)
    }

    /// Where an index is written, and the field of it that a server's words name in brackets or quotes; the name of
    /// the index where they name none.
    pub fn place_of(&self, index: &str, words: &str) -> Option<Place> {
        let found =
            self.indexes.iter().find(|each| each.name.as_ref().is_some_and(|name| name.value == index))?;
        let named = || words.split(['[', ']', '\'', '"', '`']).skip(1).step_by(2);
        let field = named().find_map(|path| field_place(&found.fields, path));
        let field = field.or_else(|| named().find_map(|value| option_place(&found.fields, value)));
        field.or_else(|| found.name.as_ref().map(|name| name.place.clone()))
    }

    /// Every table that is named, sorted: those whose facts are wanted.
    pub fn facts_needed(&self) -> Vec<TableName> {
        let names: BTreeSet<TableName> = self.indexes.iter().flat_map(ParsedIndex::tables).collect();
        names.into_iter().collect()
    }

    fn tree(&mut self, file: usize) -> Option<tree::Mapping> {
        let tree = yaml::parse(file, &self.files[file].text);
        self.diagnostics.extend(tree.diagnostics);
        if let Some(root) = tree.root.as_ref().filter(|_| !tree.comments.is_empty()) {
            self.nodes.insert(file, suppress::nodes(root));
        }
        self.comments.extend(tree.comments.into_iter().map(|span| Place::new(file, span)));
        tree.root
    }

    fn read_project(&mut self) {
        let Some(root) = self.tree(0) else {
            return self.hide_credentials(&Quotable::of(&self.files[0].text));
        };
        let is_whole = self.diagnostics.is_empty();
        let mut reader = Reader::new(0, self.kinds.clone());
        let mut project = project::read(&mut reader, &root);
        self.cover_comments(0, &root, &mut project.inputs);
        self.project = Some(project);
        self.take(reader);
        self.refuse_passwords(0, &root);
        let text = &self.files[0].text;
        self.hide_credentials(&match is_whole {
            true => Quotable::of_whole(text, &root, &self.known_keys),
            false => Quotable::of(text),
        });
    }

    /// What was found in the project file quotes nothing that may be a credential, whatever is wrong with
    /// the file: only names that are sure not to be one are left.
    fn hide_credentials(&mut self, quotable: &Quotable) {
        self.diagnostics.iter_mut().for_each(|diagnostic| quotable.redact(diagnostic));
    }

    fn read_index(&mut self, file: usize) {
        let Some(root) = self.tree(file) else { return };
        let mut reader = Reader::new(file, self.kinds.clone());
        let (schema, defaults) = match &self.project {
            Some(project) => (project.schema.clone(), project.defaults.clone()),
            None => ("public".to_owned(), index::Shared::default()),
        };
        let mut index = index::read(&mut reader, &root, &schema, &defaults);
        self.cover_comments(file, &root, &mut index.inputs);
        self.indexes.push(index);
        self.take(reader);
        self.refuse_passwords(file, &root);
    }

    /// Texts with credentials, under whatever key: the lock, a message or the index itself would repeat them. What else is
    /// wrong with such a text is said once it is another.
    fn refuse_passwords(&mut self, file: usize, root: &tree::Mapping) {
        for (key, span) in tree::texts(root, &mask::holds_credential_under) {
            let place = Place::new(file, span);
            let is_there = |each: &Diagnostic| {
                let at = &each.primary.0;
                at.file == file && place.start <= at.start && at.end <= place.end
            };
            if self.diagnostics.iter().any(|each| each.lint == literal_secret::LINT && is_there(each)) {
                continue;
            }
            self.diagnostics.retain(|each| !is_there(each));
            self.diagnostics.push(literal_secret::credential_in_text(key, place));
        }
    }

    fn take(&mut self, reader: Reader) {
        self.diagnostics.extend(reader.diagnostics);
        for (what, keys) in reader.known_keys {
            self.known_keys.entry(what).or_default().extend(keys);
        }
    }

    /// Comments that accept findings are a part of what a lock is made from.
    fn cover_comments(&self, file: usize, root: &tree::Mapping, inputs: &mut String) {
        let of_file: Vec<Place> =
            self.comments.iter().filter(|comment| comment.file == file).cloned().collect();
        let accepting = suppress::accepting(root, &of_file, &self.files[file].text);
        if !accepting.is_empty() {
            *inputs = project::inputs(&json!([inputs, accepting]));
        }
    }

    /// What only all files together can say: indexes of one name, sinks that are not there.
    fn check_names(&mut self) {
        let sinks = self.project.as_ref().map(|project| sink::names(&project.sinks)).unwrap_or_default();
        let mut found = Vec::new();
        for (at, index) in self.indexes.iter().enumerate() {
            let Some(name) = &index.name else { continue };
            let mut first = self.indexes[..at].iter().filter_map(|other| other.name.as_ref());
            if let Some(first) = first.find(|first| first.value == name.value) {
                let (first, place) = (first.place.clone(), name.place.clone());
                found.push(duplicate_index::finding(&name.value, first, place));
            }
        }
        for sink in self.indexes.iter().filter_map(|index| index.sinks.as_ref()).flatten() {
            if self.project.is_some() && !sinks.contains(&sink.value) {
                found.push(unknown_sink(sink.place.clone(), &sink.value, &sinks));
            }
        }
        found.extend(self.names_behind_prefixes());
        found.extend(self.overridden_settings());
        found.extend(self.project.iter().flat_map(|project| sink::collisions(&project.sinks)));
        self.diagnostics.append(&mut found);
    }

    /// Indexes whose names are too long behind the prefix of a sink.
    fn names_behind_prefixes(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for index in &self.indexes {
            let Some(name) = &index.name else { continue };
            let is_its = |sink: &&At<SinkPlan>| {
                let named = index.sinks.as_ref();
                named.is_none_or(|named| named.iter().any(|name| name.value == sink.value.name))
            };
            let sinks = self.project.iter().flat_map(|project| &project.sinks).filter(is_its);
            for sink in sinks {
                let bytes_max = sink::index_bytes_max(&sink.value);
                if name.value.len() > bytes_max {
                    let (other, place) = (sink.place.clone(), name.place.clone());
                    let sink = &sink.value.name;
                    found.push(invalid_index_name::too_long_behind_prefix(
                        &name.value,
                        sink,
                        bytes_max,
                        other,
                        place,
                    ));
                }
            }
        }
        found
    }

    /// Settings of an index file that every sink of the index overrides.
    fn overridden_settings(&self) -> Vec<Diagnostic> {
        let every_sink: &[At<SinkPlan>] = self.project.as_ref().map_or(&[], |project| &project.sinks);
        let mut found = Vec::new();
        for index in &self.indexes {
            let is_its = |sink: &&At<SinkPlan>| {
                let named = index.sinks.as_ref();
                named.is_none_or(|named| named.iter().any(|name| name.value == sink.value.name))
            };
            let sinks: Vec<&At<SinkPlan>> = every_sink.iter().filter(is_its).collect();
            for (name, place) in &index.own_settings {
                let overrides = |sink: &&At<SinkPlan>| match &sink.value.kind {
                    SinkKind::OpenSearch(plan) => plan.index_settings.contains_key(name),
                    SinkKind::Stdout { .. } => true,
                };
                let is_opensearch =
                    |sink: &&&At<SinkPlan>| matches!(sink.value.kind, SinkKind::OpenSearch(_));
                if let (true, Some(sink)) = (sinks.iter().all(overrides), sinks.iter().find(is_opensearch)) {
                    found.push(overridden(name, place, sink));
                }
            }
        }
        found
    }
}

fn overridden(setting: &str, place: &Place, sink: &At<SinkPlan>) -> Diagnostic {
    let (other, place) = (sink.place.clone(), place.clone());
    mutually_exclusive_keys::overridden_setting(setting, &sink.value.name, other, place)
}

fn unknown_sink(place: Place, name: &str, sinks: &BTreeSet<String>) -> Diagnostic {
    let known: Vec<&str> = sinks.iter().map(String::as_str).collect();
    flusso_lints::unknown_sink::finding(name, nearest(name, known.iter().copied()), &known, place)
}

/// The key of a field by its path in the document.
fn field_place(fields: &[ParsedField], path: &str) -> Option<Place> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = fields.iter().find(|field| field.key.value == first)?;
    let nested: &[ParsedField] = match &field.form {
        Some(ParsedForm::SameRow { fields, .. }) => fields,
        Some(ParsedForm::Relation(relation)) => match &relation.shape {
            ParsedShape::Object { fields, .. } => fields,
            _ => &[],
        },
        _ => &[],
    };
    let inner = rest.and_then(|rest| field_place(nested, rest));
    Some(inner.unwrap_or_else(|| field.key.place.clone()))
}

/// The first field that gives a parameter of its mapping this value: `analyzer [words] has not been configured`
/// names no field.
fn option_place(fields: &[ParsedField], value: &str) -> Option<Place> {
    let has_it = |scalar: &ParsedScalar| scalar.options.values().any(|option| option.as_str() == Some(value));
    fields.iter().find_map(|field| match &field.form {
        Some(ParsedForm::Scalar(scalar)) => has_it(scalar).then(|| field.key.place.clone()),
        Some(ParsedForm::SameRow { fields, .. }) => option_place(fields, value),
        Some(ParsedForm::Relation(relation)) => match &relation.shape {
            ParsedShape::Object { fields, .. } => option_place(fields, value),
            ParsedShape::Value(scalar) => has_it(scalar).then(|| field.key.place.clone()),
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    const PROJECT: &str = include_str!("../../fixtures/projects/shop/flusso.yml");
    const ORDERS: &str = include_str!("../../fixtures/projects/shop/indexes/orders.yml");

    #[test]
    fn the_example_is_read_without_a_word() {
        let parsed = parse(file("flusso.yml", PROJECT), vec![file("indexes/orders.yml", ORDERS)]);
        assert_eq!(parsed.diagnostics, []);
        let needed: Vec<String> = parsed.facts_needed().iter().map(ToString::to_string).collect();
        assert_eq!(
            needed,
            [
                "shop.categories",
                "shop.order_items",
                "shop.orders",
                "shop.product_categories",
                "shop.products",
                "shop.users"
            ]
        );
        assert_eq!(index_globs(PROJECT), ["indexes/*.yml"]);
    }

    /// The hashes of the lock's worked example, which fix what is hashed.
    #[test]
    fn inputs_are_hashes_of_what_was_parsed() {
        let parsed = parse(file("flusso.yml", PROJECT), vec![file("indexes/orders.yml", ORDERS)]);
        let project = parsed.project.expect("it was read");
        assert_eq!(project.inputs, "125f92ace4032ad1");
        assert_eq!(project.sinks[0].value.inputs, "13705398126a1665");
        assert_eq!(parsed.indexes[0].inputs, "12ab365310e36955");
    }
}
