//! Whether a lock was compiled from the files as they are now. Needs no server.

use std::fmt;

use flusso_schemas::lock::Lock;

use crate::parse::ParsedProject;

/// Why a lock is not what the files would compile to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The file of this path changed.
    Changed(String),
    /// This file has an error, so nothing can be compiled from it.
    Unreadable(String),
    /// This file makes an index that the lock does not have.
    New(String),
    /// No file makes this index of the lock.
    Gone(String),
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(file) => write!(f, "`{file}` changed since it was compiled"),
            Self::Unreadable(file) => write!(f, "`{file}` has an error"),
            Self::New(file) => write!(f, "`{file}` was added since it was compiled"),
            Self::Gone(index) => write!(f, "the file of index `{index}` was removed, or names another index"),
        }
    }
}

/// The first file that is not what the lock was compiled from, by the lock's `inputs`.
pub fn stale(parsed: &ParsedProject, lock: &Lock) -> Option<Stale> {
    (0..parsed.files.len()).find_map(|file| stale_file(parsed, file, lock)).or_else(|| gone(parsed, lock))
}

fn stale_file(parsed: &ParsedProject, file: usize, lock: &Lock) -> Option<Stale> {
    let path = || parsed.files[file].path.clone();
    // A level may have allowed other findings, so the lock was compiled in spite of them.
    let is_error =
        |lint: &flusso_lints::Lint| !lint.adjustable && lint.level == flusso_lints::diagnostic::Level::Deny;
    if parsed.diagnostics.iter().any(|each| each.primary.0.file == file && is_error(&each.lint)) {
        return Some(Stale::Unreadable(path()));
    }
    if file == 0 {
        return (!is_project_of(parsed, lock)).then(|| Stale::Changed(path()));
    }
    let index = parsed.indexes.iter().find(|index| index.file == file);
    let Some((index, name)) = index.and_then(|index| Some((index, index.name.as_ref()?))) else {
        return Some(Stale::Unreadable(path()));
    };
    match lock.indexes.iter().find(|plan| plan.name == name.value) {
        None => Some(Stale::New(path())),
        Some(plan) => (plan.inputs != index.inputs).then(|| Stale::Changed(path())),
    }
}

fn is_project_of(parsed: &ParsedProject, lock: &Lock) -> bool {
    let sinks = lock.sinks.iter().map(|sink| (&sink.name, &sink.inputs));
    parsed.project.as_ref().is_some_and(|project| project.inputs == lock.inputs)
        && parsed.sinks().map(|sink| (&sink.name, &sink.inputs)).eq(sinks)
}

fn gone(parsed: &ParsedProject, lock: &Lock) -> Option<Stale> {
    let made = |name: &str| {
        parsed.indexes.iter().any(|index| index.name.as_ref().is_some_and(|made| made.value == name))
    };
    lock.indexes.iter().find(|plan| !made(&plan.name)).map(|plan| Stale::Gone(plan.name.clone()))
}
