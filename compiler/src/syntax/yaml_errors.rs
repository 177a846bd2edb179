//! What is said of YAML that cannot be read or that we do not take.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::{Diagnostic, Place};

/// A syntax error within a block of the text.
pub(super) fn syntax(file: usize, text: &str, block: Range<usize>, error: &ScanError) -> Diagnostic {
    let at = block.start + error.marker().byte_offset().unwrap_or(0);
    reference(file, text, block.clone())
        .or_else(|| tab(file, text, block))
        .unwrap_or_else(|| general(file, text, at.min(text.len()), error))
}

/// `${NAME}` without quotes inside `{ }`.
fn reference(file: usize, text: &str, block: Range<usize>) -> Option<Diagnostic> {
    let mut line_start = block.start;
    for line in text[block].split_inclusive('\n') {
        let found = line.find("${").filter(|at| {
            let before = &line[..*at];
            before.contains('{')
                && before.matches('"').count() % 2 == 0
                && before.matches('\'').count() % 2 == 0
        });
        if let Some(at) = found {
            let end = line[at..].find('}').map_or(line.trim_end().len(), |end| at + end + 1);
            let (reference, place) = (&line[at..end], Place::new(file, line_start + at..line_start + end));
            let message =
                format!("`{reference}` opens a second `{{` inside `{{ }}`, so the rest cannot be read");
            return Some(
                Diagnostic::deny("yaml-syntax", place.clone(), message)
                    .help(format!("write `\"{reference}\"` with quotes"))
                    .fix(place, format!("\"{reference}\"")),
            );
        }
        line_start += line.len();
    }
    None
}

/// A line that is indented with a tab.
fn tab(file: usize, text: &str, block: Range<usize>) -> Option<Diagnostic> {
    let mut line_start = block.start;
    for line in text[block].split_inclusive('\n') {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let (Some(at), false) = (line[..blank].find('\t'), line.trim().is_empty()) {
            let place = Place::new(file, line_start + at..line_start + at + 1);
            let message = "a tab indents this line, so YAML cannot tell what it belongs to";
            return Some(
                Diagnostic::deny("tab-indentation", place.clone(), message)
                    .help("indent with spaces, not tabs")
                    .fix(place, "  "),
            );
        }
        line_start += line.len();
    }
    None
}

fn general(file: usize, text: &str, at: usize, error: &ScanError) -> Diagnostic {
    let end =
        text[at..].chars().next().map_or(at, |next| at + if next == '\n' { 0 } else { next.len_utf8() });
    let diagnostic = Diagnostic::deny("yaml-syntax", Place::new(file, at..end), why(error));
    match bracket(error) {
        Some((open, close)) => diagnostic
            .help(format!("close it with `{close}`, or put quotes round a text that holds `{open}`")),
        None => {
            diagnostic.help("correct the line, or put quotes round a text that holds `: `, ` #`, `{` or `[`")
        }
    }
}

/// The bracket that an error is about.
fn bracket(error: &ScanError) -> Option<(char, char)> {
    let info = error.info();
    match error.kind() {
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => Some(('[', ']')),
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::ExpectedFlowMappingSeparator => Some(('{', '}')),
        _ if info.contains("'['") => Some(('[', ']')),
        _ if info.contains("'{'") => Some(('{', '}')),
        _ => None,
    }
}

fn why(error: &ScanError) -> String {
    match bracket(error) {
        Some(('[', _)) => {
            "a list in `[ ]` is not closed or misses a comma, so what follows cannot be read".to_owned()
        }
        Some(_) => {
            "a map in `{ }` is not closed or misses a comma, so what follows cannot be read".to_owned()
        }
        None => format!("YAML cannot be read here: {}", error.info().trim_end_matches('.')),
    }
}

/// `"\0"`: no text of Postgres holds it, so no statement with it could be sent.
pub(super) fn nul(place: Place) -> Diagnostic {
    Diagnostic::deny(
        "yaml-syntax",
        place,
        "this value holds the character NUL, which no text of Postgres can hold",
    )
    .help("leave `\\0` out, or put the text into single quotes")
}

/// A file with bytes that are no UTF-8, each of which was replaced by U+FFFD.
pub(super) fn not_utf8(place: Place) -> Diagnostic {
    Diagnostic::deny("yaml-syntax", place, "the file is not encoded in UTF-8 here, so nothing of it is read")
        .help("save the file as UTF-8")
}

pub(super) fn second_document(place: Place) -> Diagnostic {
    Diagnostic::deny("yaml-syntax", place, "a second document begins here, and a file holds one")
        .help("put each index into a file of its own")
}

pub(super) fn unknown_anchor(place: Place, name: &str) -> Diagnostic {
    let message = format!("`*{name}` stands for nothing: no `&{name}` comes before it");
    Diagnostic::deny("yaml-syntax", place, message)
        .help(format!("define `&{name}` above, under a key that begins with `x-`"))
}

pub(super) fn alias_inside_itself(place: Place) -> Diagnostic {
    Diagnostic::deny("yaml-syntax", place, "an alias stands inside what it stands for, so it would never end")
}

pub(super) fn anchor_bomb(place: Place, nodes_max: usize) -> Diagnostic {
    let message = format!("with its aliases followed the file would hold over {nodes_max} values");
    Diagnostic::deny("anchor-bomb", place, message).help("write out what is meant, or split the file")
}

pub(super) fn key_is_no_text(place: Place) -> Diagnostic {
    Diagnostic::deny("wrong-type", place, "a key here is a list or a map, and a key is text")
}

pub(super) fn merge_key(place: Place) -> Diagnostic {
    Diagnostic::deny("merge-key", place, "`<<` merges maps in YAML 1.1 only; it is not read here")
        .help("write the keys out, or give the whole value as an alias")
}

pub(super) fn tag(place: Place, tag: &str) -> Diagnostic {
    Diagnostic::deny("unknown-tag", place.clone(), format!("`{tag}` is a tag, and none has a meaning here"))
        .help("leave it out; quotes make a value text")
}

pub(super) fn duplicate_key(place: Place, first: Place, key: &str) -> Diagnostic {
    Diagnostic::deny("duplicate-key", place, format!("duplicate key `{key}`"))
        .related(first, "the first")
        .help("delete one of them")
}
