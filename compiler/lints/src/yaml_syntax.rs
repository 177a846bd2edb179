//! `yaml-syntax`: the file cannot be read as YAML.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "yaml-syntax",
    level: Level::Deny,
    adjustable: false,
    group: Group::Reading,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "The file cannot be read as YAML 1.2.",
    why: "\
Nothing in the broken part of the file is known, so no lock can be made. flusso continues at the next unindented \
key, so one run shows one error for each broken block. The most frequent cause is a text that YAML takes for \
structure: quote every value that contains `: `, ` #`, `{`, `[` or `${…}` inside braces.",
    example: Some(Example { bad: "where: { note: ${NOTE} }", good: "where: { note: \"${NOTE}\" }" }),
};

/// `${NAME}` without quotes inside `{ }`.
pub fn unquoted_reference(reference: &str, place: Place) -> Diagnostic {
    let message = format!("`{reference}` is not quoted, so YAML reads its `{{` as the start of a map");
    LINT.at(place.clone(), message).instead(place, format!("\"{reference}\""))
}

/// A list or map in brackets without its end or with a comma missing.
pub fn unclosed(open: char, close: char, place: Place) -> Diagnostic {
    let what = if open == '[' { "list" } else { "map" };
    let message = format!("{what} in `{open} {close}` is not closed or lacks a comma");
    LINT.at(place, message).help(format!("close it with `{close}`, or quote the text that contains `{open}`"))
}

/// Everything else, with the parser's words.
pub fn unreadable(problem: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("YAML syntax error: {problem}"))
        .help("correct the line, or quote the text that contains `: `, ` #`, `{` or `[`")
}

/// `"\0"`: Postgres has no text with it, so no statement could carry it.
pub fn nul(place: Place) -> Diagnostic {
    LINT.at(place, "the value contains a NUL character, which Postgres cannot store")
        .help("remove `\\0`, or put the text into single quotes")
}

/// Bytes that are not UTF-8.
pub fn not_utf8(place: Place) -> Diagnostic {
    LINT.at(place, "the file is not UTF-8, so nothing in it can be read").help("save the file as UTF-8")
}

/// `---` and more after the first document.
pub fn second_document(place: Place) -> Diagnostic {
    LINT.at(place, "second YAML document: a file holds only one").help("move it into a file of its own")
}

/// `*name` without a `&name` above it.
pub fn unknown_anchor(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unknown anchor: no `&{name}` comes before `*{name}`"))
        .help(format!("define `&{name}` above, under a key that begins with `x-`"))
}

/// An alias within its own anchor: `&a [*a]`.
pub fn recursive_alias(place: Place) -> Diagnostic {
    LINT.at(place, "the alias is inside its own anchor, so its value would never end")
        .help("write the value out")
}
