//! Turns a YAML syntax error into a finding: frequent mistakes are recognized and get an answer of their own.

use std::ops::Range;

use flusso_lints::{tab_indentation, yaml_syntax};
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
            let place = Place::new(file, line_start + at..line_start + end);
            return Some(yaml_syntax::unquoted_reference(&line[at..end], place));
        }
        line_start += line.len();
    }
    None
}

/// A line that is indented with a tab.
fn tab(file: usize, text: &str, block: Range<usize>) -> Option<Diagnostic> {
    let mut line_start = block.start;
    for line in text[block].split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let (Some(at), false) = (line[..indent].find('\t'), line.trim().is_empty()) {
            let place = Place::new(file, line_start + at..line_start + at + 1);
            return Some(tab_indentation::finding(place));
        }
        line_start += line.len();
    }
    None
}

fn general(file: usize, text: &str, at: usize, error: &ScanError) -> Diagnostic {
    let end =
        text[at..].chars().next().map_or(at, |next| at + if next == '\n' { 0 } else { next.len_utf8() });
    let place = Place::new(file, at..end);
    match bracket(error) {
        Some((open, close)) => yaml_syntax::unclosed(open, close, place),
        None => yaml_syntax::unreadable(error.info().trim_end_matches('.'), place),
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
