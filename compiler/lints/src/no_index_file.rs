//! `no-index-file`: a pattern under `indexes` matches no file.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "no-index-file",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A pattern under `indexes` matches no file.",
    why: "\
The indexes that the pattern was meant to find would not exist, without any error at run time. Mostly the folder or \
the ending differs (`.yaml` for `.yml`). Patterns are relative to the folder of the project file.",
    example: Some(Example { bad: "indexes: [indexes/*.yml]", good: "indexes: [indexes/*.yaml]" }),
};

/// Most files that a note names.
const NAMED_MAX: usize = 5;

/// `near` are YAML files of the project, `meant` the pattern that would match them.
pub fn finding(
    pattern: &str,
    is_folder: bool,
    near: &[String],
    meant: Option<String>,
    place: Place,
) -> Diagnostic {
    let why = if is_folder { "is a folder" } else { "matches no file" };
    let mut found = LINT.at(place.clone(), format!("`{pattern}` {why}, so it adds no index"));
    if !near.is_empty() {
        let named = &near[..near.len().min(NAMED_MAX)];
        found = found.note(format!("YAML files of the project: {}", listed(named, "and")));
    }
    match meant {
        Some(meant) => found.help(format!("write `{meant}`")).unsafe_fix(place, meant),
        None if near.is_empty() => found.help("create an index file there, or name the file that exists"),
        None => found.help("name the index files"),
    }
}
