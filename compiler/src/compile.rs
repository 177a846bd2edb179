//! The whole path: what was read, what was observed and what the server judged, to findings and a lock.

use flusso_lints::{
    Exit, internal_error, missing_select_privilege, refused_query, row_level_security, skipped,
};
use flusso_schemas::facts::{CatalogFacts, Probe, ProbeOutcome, QueryRefusal};
use flusso_schemas::lock::Lock;

use crate::check::{self, Outcomes};
use crate::diagnostic::{self, Diagnostic, Place};
use crate::mask;
use crate::model::Checked;
use crate::read::Read;
use crate::suppress::{self, Decisions, LookedAt};

/// What compiling gives.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was found, sorted by file and place, levels as the project sets them.
    pub diagnostics: Vec<Diagnostic>,
    /// The lock, where nothing at deny was found.
    pub lock: Option<Lock>,
}

/// What the server is to judge before a project can be compiled.
pub fn probes(read: &Read, facts: &CatalogFacts) -> Vec<Probe> {
    check::check(read, facts, &Outcomes::new()).probes
}

/// The lock whose queries the server is to prepare before it is written; none where a finding prevents it.
/// `answers` are those to [`probes`].
pub fn planned(read: &Read, facts: &CatalogFacts, answers: &[ProbeOutcome]) -> Option<Lock> {
    let (mut diagnostics, checked) = check(read, facts, answers);
    let decisions = settle(read, &mut diagnostics, LookedAt::Catalog);
    writable(&diagnostics, checked).map(|checked| crate::plan::lock(&checked, &decisions))
}

/// Compiles a project; `answers` are those to [`probes`], `refusals` the queries of [`planned`] that cannot be
/// prepared.
pub fn compile(
    read: &Read,
    facts: &CatalogFacts,
    answers: &[ProbeOutcome],
    refusals: &[QueryRefusal],
) -> Outcome {
    let (mut diagnostics, checked) = check(read, facts, answers);
    diagnostics.extend(refusals.iter().map(|refusal| refused(read, refusal)));
    let decisions = settle(read, &mut diagnostics, LookedAt::Catalog);
    let is_empty = checked.as_ref().is_none_or(|checked| checked.indexes.is_empty());
    if is_empty && !fails(&diagnostics) {
        diagnostics.push(unexplained());
    }
    let lock = writable(&diagnostics, checked).map(|checked| crate::plan::lock(&checked, &decisions));
    Outcome { diagnostics, lock }
}

/// What was checked, where there is an index and no finding forbids a lock.
fn writable(diagnostics: &[Diagnostic], checked: Option<Checked>) -> Option<Checked> {
    checked.filter(|checked| !checked.indexes.is_empty() && !fails(diagnostics))
}

fn fails(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|each| each.is_deny() || each.lint.exit == Exit::Incomplete)
}

/// A lock that is missing without a reason must not pass for a clean project.
fn unexplained() -> Diagnostic {
    internal_error::finding(Place::new(0, 0..0))
}

/// A query of ours that the server does not take: no lint explains it, so it is our mistake.
fn refused(read: &Read, refusal: &QueryRefusal) -> Diagnostic {
    let named = read.indexes.iter().filter_map(|index| index.name.as_ref());
    let place = named.filter(|name| name.value == refusal.index).map(|name| name.place.clone()).next();
    let place = place.unwrap_or(Place::new(0, 0..0));
    let error = &refusal.error;
    refused_query::finding(&refusal.query, &refusal.index, &error.message, &error.sqlstate, place)
}

/// Findings without a catalog: what the files alone say, sorted.
pub fn findings(read: &Read) -> Vec<Diagnostic> {
    let mut diagnostics = read.diagnostics.clone();
    settle(read, &mut diagnostics, LookedAt::Files);
    diagnostics
}

/// Gives every finding its level, drops what is accepted, and sorts.
fn settle(read: &Read, diagnostics: &mut Vec<Diagnostic>, looked_at: LookedAt) -> Decisions {
    // An expression that the server did not judge may hide a finding.
    let is_whole = !diagnostics.iter().any(|each| each.lint.exit == Exit::Incomplete);
    let looked_at = if is_whole { looked_at } else { LookedAt::Files };
    let decisions = suppress::apply(diagnostics, read, looked_at);
    diagnostics.iter_mut().for_each(mask::hide_urls);
    diagnostic::sort(diagnostics);
    decisions
}

fn check(read: &Read, facts: &CatalogFacts, answers: &[ProbeOutcome]) -> (Vec<Diagnostic>, Option<Checked>) {
    let probes = probes(read, facts);
    let answers: Vec<ProbeOutcome> =
        answers.iter().filter(|answer| !is_shadow(answer, facts)).cloned().collect();
    let outcomes = check::outcomes(&probes, &answers);
    let outcome = check::check(read, facts, &outcomes);
    let mut diagnostics = read.diagnostics.clone();
    diagnostics.extend(outcome.diagnostics);
    let unanswered = outcome.probes.len().saturating_sub(outcomes.len());
    let unreadable = [&missing_select_privilege::LINT, &row_level_security::LINT];
    let is_explained = diagnostics.iter().any(|each| unreadable.iter().any(|lint| each.lint == **lint));
    if unanswered > 0 && !is_explained {
        diagnostics.push(skipped::finding(unanswered, Place::new(0, 0..0)));
    }
    (diagnostics, outcome.checked)
}

/// Whether an expression was refused only because the role may not read some table, or not all of its rows, which has a
/// finding of its own (42501, insufficient privilege; our sessions turn `row_security` off).
fn is_shadow(answer: &ProbeOutcome, facts: &CatalogFacts) -> bool {
    let is_refused = answer.result.as_ref().is_err_and(|error| error.sqlstate == "42501");
    is_refused
        && facts.relations.values().any(|relation| !relation.usage || !relation.select || relation.rls_active)
}
