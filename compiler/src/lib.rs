//! Compiles a project's text and facts about its source into findings and a lock. Pure: it opens
//! no file, no socket, no environment and no clock.
//!
//! The order is `parse → resolve → judge → levels → lock`, each a function of the one before:
//!
//! 1. [`parse`] reads the files and reports the errors that the text alone shows.
//! 2. [`resolve`] binds every name to the catalog, and asks what only the server can answer.
//! 3. [`judge`] takes the answers: everything that is wrong, each at its lint's own level, and the model.
//! 4. [`levels`] gives each finding the level that the project sets, and drops what a comment accepts.
//! 5. [`lock`] makes the lock, unless a finding prevents it.
//!
//! Before its lock is written, the server prepares every query of it; what it refuses is a finding of the
//! fourth step, so that steps four and five are taken again.

mod calendar;
mod check;
pub mod condition;
pub mod grammar;
pub mod kinds;
mod mapping;
pub mod mask;
pub mod model;
pub mod non_empty;
pub mod opensearch;
mod parse;
mod patterns;
pub mod pg_type;
pub mod plan;
mod sql;
pub mod sql_text;
mod stages;
mod stale;
mod suppress;
pub mod syntax;

use flusso_schemas::facts::{CatalogFacts, ProbeOutcome, QueryRefusal};

use self::diagnostic::{Diagnostic, SourceFile};
use self::kinds::Kinds;

pub use flusso_lints::{self as lints, diagnostic};

pub use parse::{Connection, ParsedProject, index_globs, is_index_file};
pub use patterns::{PatternProblem, WhatIsWrong};
pub use stages::{Compiled, Judged, Leveled, Resolved};
pub use stale::{Stale, stale};

/// Reads a project and its index files, whatever is wrong with them.
pub fn parse(project: SourceFile, indexes: Vec<SourceFile>) -> ParsedProject {
    parse_with(Kinds::standard(), project, indexes)
}

/// The same where fields may have other kinds.
pub fn parse_with(kinds: Kinds, project: SourceFile, indexes: Vec<SourceFile>) -> ParsedProject {
    ParsedProject::new(kinds, project, indexes)
}

/// Binds the names of a project to the catalog. [`Resolved::probes`] are to be answered by the server.
pub fn resolve<'a>(project: &'a ParsedProject, facts: &'a CatalogFacts) -> Resolved<'a> {
    Resolved::new(project, facts)
}

/// Finds everything that is wrong; a probe without an answer is counted as skipped.
pub fn judge<'a>(resolved: Resolved<'a>, answers: &[ProbeOutcome]) -> Judged<'a> {
    Judged::new(resolved, answers)
}

/// Applies the project's levels and the comments that accept findings. `refusals` are the queries of the lock
/// that the server could not prepare: none before it was asked.
pub fn levels<'a>(judged: &'a Judged<'_>, refusals: &[QueryRefusal]) -> Leveled<'a> {
    Leveled::new(judged, refusals)
}

/// Makes the lock, unless a finding prevents it.
pub fn lock(leveled: Leveled<'_>) -> Compiled {
    leveled.compiled()
}

/// What the files alone show, for a project whose source cannot be asked: parse and levels.
pub fn findings(project: &ParsedProject) -> Vec<Diagnostic> {
    stages::of_files(project)
}
