//! What each step from a project to its lock gives to the next one; the crate's first page has their order.

use flusso_lints::{
    Exit, internal_error, missing_select_privilege, refused_query, row_level_security, skipped,
};
use flusso_schemas::facts::{CatalogFacts, Probe, ProbeOutcome, QueryRefusal};
use flusso_schemas::lock::Lock;

use crate::check::{self, Outcomes};
use crate::diagnostic::{self, Diagnostic, Place};
use crate::mask;
use crate::model::Checked;
use crate::parse::ParsedProject;
use crate::suppress::{self, CheckScope, Decisions};

/// A project whose names are bound to the catalog.
#[derive(Debug)]
pub struct Resolved<'a> {
    project: &'a ParsedProject,
    facts: &'a CatalogFacts,
    probes: Vec<Probe>,
}

impl<'a> Resolved<'a> {
    pub(crate) fn new(project: &'a ParsedProject, facts: &'a CatalogFacts) -> Self {
        Self { project, facts, probes: check::check(project, facts, &Outcomes::new()).probes }
    }

    /// What only the server can answer: types of expressions, and whether they are stable.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }
}

/// A project whose findings are complete, before levels and comments are applied.
#[derive(Debug)]
pub struct Judged<'a> {
    project: &'a ParsedProject,
    /// What was found, at the lints' own levels.
    diagnostics: Vec<Diagnostic>,
    /// The model; none where no level could make a lock right.
    checked: Option<Checked>,
}

impl<'a> Judged<'a> {
    pub(crate) fn new(Resolved { project, facts, probes }: Resolved<'a>, answers: &[ProbeOutcome]) -> Self {
        let answers: Vec<ProbeOutcome> =
            answers.iter().filter(|answer| !is_shadow(answer, facts)).cloned().collect();
        let outcomes = check::outcomes(&probes, &answers);
        let found = check::check(project, facts, &outcomes);
        let mut diagnostics = project.diagnostics.clone();
        diagnostics.extend(found.diagnostics);
        let unanswered = found.probes.len().saturating_sub(outcomes.len());
        let unreadable = [&missing_select_privilege::LINT, &row_level_security::LINT];
        let is_explained = diagnostics.iter().any(|each| unreadable.iter().any(|lint| each.lint == **lint));
        if unanswered > 0 && !is_explained {
            diagnostics.push(skipped::finding(unanswered, Place::new(0, 0..0)));
        }
        Self { project, diagnostics, checked: found.checked }
    }
}

/// Whether an expression was refused only because the role may not read some table, or not all of its rows, which has a
/// finding of its own (42501, insufficient privilege; our sessions turn `row_security` off).
fn is_shadow(answer: &ProbeOutcome, facts: &CatalogFacts) -> bool {
    let is_refused = answer.result.as_ref().is_err_and(|error| error.sqlstate == "42501");
    is_refused
        && facts.relations.values().any(|relation| !relation.usage || !relation.select || relation.rls_active)
}

/// Findings at the levels that the project sets, and the model that they are about.
#[derive(Debug)]
pub struct Leveled<'a> {
    diagnostics: Vec<Diagnostic>,
    decisions: Decisions,
    checked: Option<&'a Checked>,
}

impl<'a> Leveled<'a> {
    pub(crate) fn new(judged: &'a Judged<'_>, refusals: &[QueryRefusal]) -> Self {
        let mut diagnostics = judged.diagnostics.clone();
        diagnostics.extend(refusals.iter().map(|refusal| refused(judged.project, refusal)));
        let decisions = settle(judged.project, &mut diagnostics, CheckScope::Catalog);
        let checked = judged.checked.as_ref().filter(|checked| !checked.indexes.is_empty());
        if checked.is_none() && !prevents_a_lock(&diagnostics) {
            // A lock that is missing without a reason must not pass for a clean project.
            diagnostics.push(internal_error::finding(Place::new(0, 0..0)));
        }
        Self { diagnostics, decisions, checked }
    }

    pub(crate) fn compiled(self) -> Compiled {
        let checked = self.checked.filter(|_| !prevents_a_lock(&self.diagnostics));
        let lock = checked.map(|checked| crate::plan::lock(checked, &self.decisions));
        Compiled { diagnostics: self.diagnostics, lock }
    }
}

/// The result of compiling a project.
#[derive(Debug)]
pub struct Compiled {
    /// Everything that was found, sorted by file and place, levels as the project sets them.
    pub diagnostics: Vec<Diagnostic>,
    /// The lock, where nothing at deny was found.
    pub lock: Option<Lock>,
}

fn prevents_a_lock(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|each| each.is_deny() || each.lint.exit == Exit::Incomplete)
}

/// A query of ours that the server does not take: no lint explains it, so it is our mistake.
fn refused(project: &ParsedProject, refusal: &QueryRefusal) -> Diagnostic {
    let named = project.indexes.iter().filter_map(|index| index.name.as_ref());
    let place = named.filter(|name| name.value == refusal.index).map(|name| name.place.clone()).next();
    let place = place.unwrap_or(Place::new(0, 0..0));
    let error = &refusal.error;
    refused_query::finding(&refusal.query, &refusal.index, &error.message, &error.sqlstate, place)
}

/// Findings without a catalog, sorted.
pub(crate) fn of_files(project: &ParsedProject) -> Vec<Diagnostic> {
    let mut diagnostics = project.diagnostics.clone();
    settle(project, &mut diagnostics, CheckScope::Files);
    diagnostics
}

/// Gives every finding its level, drops what is accepted, and sorts.
fn settle(project: &ParsedProject, diagnostics: &mut Vec<Diagnostic>, scope: CheckScope) -> Decisions {
    // An expression without an answer may hide a finding.
    let is_whole = !diagnostics.iter().any(|each| each.lint.exit == Exit::Incomplete);
    let scope = if is_whole { scope } else { CheckScope::Files };
    let decisions = suppress::apply(diagnostics, project, scope);
    diagnostics.iter_mut().for_each(mask::hide_urls);
    diagnostic::sort(diagnostics);
    decisions
}
