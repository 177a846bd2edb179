//! The whole path: what was read, what was observed and what the server judged, to findings and a lock.

use flusso_schemas::facts::{CatalogFacts, Probe, ProbeOutcome};
use flusso_schemas::lock::Lock;

use crate::check::{self, Outcomes};
use crate::diagnostic::{self, Diagnostic, Level, Place};
use crate::model::Checked;
use crate::read::Read;
use crate::suppress::{self, Decisions};

/// The lint of what only a live catalog can judge.
const SKIPPED: &str = "skipped";

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

/// Compiles a project; `answers` are those to [`probes`].
pub fn compile(read: &Read, facts: &CatalogFacts, answers: &[ProbeOutcome]) -> Outcome {
    let (mut diagnostics, checked) = check(read, facts, answers);
    let decisions = settle(read, &mut diagnostics);
    let fails = diagnostics.iter().any(|each| each.is_deny() || each.lint == SKIPPED);
    let checked = checked.filter(|checked| !checked.indexes.is_empty());
    if checked.is_none() && !fails {
        diagnostics.push(unexplained());
    }
    let lock = checked.filter(|_| !fails).map(|checked| crate::plan::lock(&checked, &decisions));
    Outcome { diagnostics, lock }
}

/// A lock that is missing without a reason must not pass for a clean project.
fn unexplained() -> Diagnostic {
    let message = "no lock can be made of this project, and no finding says why";
    Diagnostic::deny("internal-error", Place::new(0, 0..0), message)
        .help("report it at the project's issue tracker, with these files")
}

/// Findings without a catalog: what the files alone say, sorted.
pub fn findings(read: &Read) -> Vec<Diagnostic> {
    let mut diagnostics = read.diagnostics.clone();
    settle(read, &mut diagnostics);
    diagnostics
}

/// Gives every finding its level, drops what is accepted, and sorts.
fn settle(read: &Read, diagnostics: &mut Vec<Diagnostic>) -> Decisions {
    let decisions = suppress::apply(diagnostics, read);
    diagnostic::sort(diagnostics);
    decisions
}

fn check(read: &Read, facts: &CatalogFacts, answers: &[ProbeOutcome]) -> (Vec<Diagnostic>, Option<Checked>) {
    let probes = probes(read, facts);
    let outcomes = check::outcomes(&probes, answers);
    let outcome = check::check(read, facts, &outcomes);
    let mut diagnostics = read.diagnostics.clone();
    diagnostics.extend(outcome.diagnostics);
    let unanswered = outcome.probes.len().saturating_sub(outcomes.len());
    if unanswered > 0 {
        let message =
            format!("{unanswered} expressions and conditions were not judged: that needs a live catalog");
        let skipped = Diagnostic::new(SKIPPED, Level::Warn, Place::new(0, 0..0), message);
        diagnostics.push(skipped.help("run it again where the database can be reached"));
    }
    (diagnostics, outcome.checked)
}
