//! What is written against what the catalog says: names are bound, inferences made, and what cannot be
//! right is said. The model that comes out has no error in it.

mod aggregate;
mod capture;
mod column;
mod condition;
mod contradiction;
mod field;
mod ignore_above;
mod join;
mod key;
mod link;
mod literal;
mod pattern;
mod point;
mod possible;
mod probe;
mod relation;
mod scalar;
mod search_path;
mod stability;
mod table;
mod via;
mod zone;

use std::collections::BTreeMap;

use flusso_schemas::facts::{CatalogFacts, Probe};
use flusso_schemas::lock::DocumentIdForm;
use flusso_schemas::name::TableName;

use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::Kinds;
use crate::model::{Checked, Index};
use crate::parse::ParsedProject;
use crate::syntax;
use probe::Probes;

pub(crate) use probe::{Outcomes, outcomes};

/// The result of checking a project against the catalog.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Findings of the check itself, not of the parser.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What the server is to judge, in the order it is met.
    pub(crate) probes: Vec<Probe>,
    /// The model, where no finding rules a lock out and every probe was answered.
    pub(crate) checked: Option<Checked>,
}

/// One run of the check.
pub(super) struct Checker<'a> {
    facts: &'a CatalogFacts,
    /// The schema that unqualified tables are in.
    schema: &'a str,
    /// Number of the index file that is checked.
    file: usize,
    /// The search path of that index.
    search_path: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    probes: Probes<'a>,
    /// Where each table was named first; its own state is judged there.
    places: BTreeMap<TableName, Place>,
    /// The kinds that fields may have.
    kinds: Kinds,
}

/// Checks everything that was parsed.
pub(crate) fn check(parsed: &ParsedProject, facts: &CatalogFacts, outcomes: &Outcomes<'_>) -> Outcome {
    let schema = parsed.project.as_ref().map_or("public", |project| project.schema.as_str());
    let mut checker = Checker {
        facts,
        schema,
        file: 0,
        search_path: Vec::new(),
        diagnostics: Vec::new(),
        probes: Probes::new(outcomes),
        places: BTreeMap::new(),
        kinds: parsed.kinds.clone(),
    };
    let indexes: Vec<Option<Index>> =
        parsed.indexes.iter().map(|index| checker.index(parsed, index)).collect();
    let is_clean = !checker.diagnostics.iter().chain(&parsed.diagnostics).any(rules_out_a_lock);
    let all_answered = checker.probes.all_answered();
    let indexes = indexes.into_iter().collect::<Option<Vec<Index>>>().filter(|_| is_clean && all_answered);
    let checked = indexes.and_then(|indexes| project(parsed, indexes));
    if let Some(project) = &parsed.project {
        match (&checked, &project.source) {
            (Some(checked), _) => checker.capture(checked, &project.source_place),
            (None, Some(source)) => checker.server(source, &project.source_place),
            (None, None) => {}
        }
    }
    Outcome { diagnostics: checker.diagnostics, probes: checker.probes.into_list(), checked }
}

/// Whether a finding rules out a lock whatever levels a project sets. Others are judged at their level once
/// all is found, and only then is it decided whether there is a lock.
fn rules_out_a_lock(diagnostic: &Diagnostic) -> bool {
    diagnostic.is_deny() && !diagnostic.lint.adjustable
}

fn project(parsed: &ParsedProject, mut indexes: Vec<Index>) -> Option<Checked> {
    let project = parsed.project.as_ref()?;
    indexes.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Checked {
        project: project.name.as_ref()?.value.clone(),
        inputs: project.inputs.clone(),
        source: project.source.clone()?,
        sinks: project.sinks.iter().map(|sink| sink.value.clone()).collect(),
        indexes,
    })
}

impl Checker<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn index(&mut self, parsed: &ParsedProject, index: &syntax::index::ParsedIndex) -> Option<Index> {
        self.file = index.file;
        self.search_path = self.search_path_of(index);
        let table = self.table(index.table.as_ref()?)?;
        let key = self.key(index, &table);
        let condition = index.conditions.as_ref().map(|conditions| self.conditions(conditions, &table));
        let fields = self.fields(&index.fields, &table);
        let every_sink = || syntax::sink::names(&parsed.project.as_ref().expect("it was read").sinks);
        let sinks = match &index.sinks {
            Some(sinks) => sinks.iter().map(|sink| sink.value.clone()).collect(),
            None => parsed.project.as_ref().map(|_| every_sink()).unwrap_or_default(),
        };
        let condition = match condition {
            Some(bound) => Some(bound?),
            None => None,
        };
        Some(Index {
            name: index.name.as_ref()?.value.clone(),
            inputs: index.inputs.clone(),
            sinks: sinks.into_iter().collect(),
            on_error: index.shared.on_error.unwrap_or(flusso_schemas::lock::OnError::Stop),
            table,
            key: key?,
            document_id: DocumentIdForm::Key,
            condition,
            search_path: self.search_path.clone(),
            settings: index.shared.settings.clone(),
            analysis: index.shared.analysis.clone(),
            dynamic: index.dynamic.clone(),
            options: index.options.clone(),
            fields: fields?,
        })
    }

    /// A table as its reader knows it: without the schema where that is the default one.
    fn short(&self, name: &TableName) -> String {
        if name.schema.as_str() == self.schema { name.name.as_str().to_owned() } else { name.to_string() }
    }
}
