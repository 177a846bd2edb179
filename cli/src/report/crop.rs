//! Lines that are longer than the terminal is wide, cut to the part that a finding is about: a line that the terminal wraps
//! moves every underline below it away from its word.

use std::collections::BTreeMap;
use std::ops::Range;

use flusso_compiler::diagnostic::SourceFile;
use flusso_schemas::report::Label;

/// Columns that a renderer needs beside a line: its number and the frame.
const FRAME: usize = 12;
/// Marks the place where something was cut.
const CUT: &str = "…";
/// Characters that are kept before what a finding is about.
const BEFORE: usize = 20;
/// Columns of a tab.
const TAB: usize = 4;

/// A file whose long lines near some labels were cut, with the labels moved to where their text is now.
pub(super) struct Cropped {
    pub file: SourceFile,
    pub labels: Vec<Label>,
    /// By how many characters a line, numbered from 0, now begins too late: columns are counted in the whole line.
    pub skipped: BTreeMap<usize, usize>,
}

/// Cuts what is too long for a width; `None` if nothing is.
pub(super) fn crop(file: &SourceFile, labels: &[&Label], width: usize) -> Option<Cropped> {
    let most = width.saturating_sub(FRAME).max(BEFORE * 2);
    let shown = shown_lines(labels);
    let mut text = String::with_capacity(file.text.len());
    let mut moved: Vec<Label> = labels.iter().map(|label| (*label).clone()).collect();
    let (mut at, mut is_cut, mut skipped) = (0, false, BTreeMap::new());
    for (number, line) in file.text.split_inclusive('\n').enumerate() {
        let own = at..at + line.len();
        at = own.end;
        let kept = match shown.contains(&(number + 1)) && columns(line) > most {
            true => window(line, first_label(labels, &own), most),
            false => 0..line.len(),
        };
        is_cut |= kept != (0..line.len());
        let (start, tail) = (text.len(), line.len() - line.trim_end_matches(['\n', '\r']).len());
        let lead = if kept.start > 0 { CUT } else { "" };
        if kept.start > 0 {
            skipped.insert(number, line[..kept.start].chars().count() - 1);
        }
        text.push_str(lead);
        text.push_str(&line[kept.clone()]);
        if kept.end < line.len() {
            text.push_str(CUT);
            text.push_str(&line[line.len() - tail..]);
        }
        let place = |byte: usize| {
            let within = (byte - own.start).clamp(kept.start, kept.end) - kept.start;
            start + lead.len() + within
        };
        for (label, old) in moved.iter_mut().zip(labels) {
            if own.contains(&old.byte_start) {
                label.byte_start = place(old.byte_start);
            }
            // The end of a label is behind its last byte, which may be the line's.
            if old.byte_end > own.start && old.byte_end <= own.end || own.contains(&old.byte_end) {
                label.byte_end = place(old.byte_end);
            }
        }
    }
    let end = text.len();
    moved.iter_mut().filter(|label| label.byte_start > end).for_each(|label| label.byte_start = end);
    moved.iter_mut().for_each(|label| label.byte_end = label.byte_end.clamp(label.byte_start, end));
    is_cut.then(|| Cropped { file: SourceFile { path: file.path.clone(), text }, labels: moved, skipped })
}

/// Numbers of the lines that are printed: those of the labels and their neighbours.
fn shown_lines(labels: &[&Label]) -> Vec<usize> {
    labels.iter().flat_map(|label| label.line.saturating_sub(1)..=label.end_line + 1).collect()
}

/// Where the first label on a line begins, within the line.
fn first_label(labels: &[&Label], line: &Range<usize>) -> usize {
    let starts = labels.iter().map(|label| label.byte_start).filter(|start| line.contains(start));
    starts.min().map_or(0, |start| start - line.start)
}

/// The part of a line that is kept: some of what is before a place, and what fits after it.
fn window(line: &str, place: usize, most: usize) -> Range<usize> {
    let content = line.trim_end_matches(['\n', '\r']);
    let starts: Vec<usize> = content.char_indices().map(|(at, _)| at).collect();
    let index = starts.partition_point(|at| *at < place);
    let first = if index < most / 2 { 0 } else { index.saturating_sub(BEFORE) };
    let start = starts.get(first).copied().unwrap_or(0);
    // Room for what says that something was cut, on both sides.
    let (mut used, mut end) = (2, content.len());
    for (at, letter) in content[start..].char_indices() {
        used += wide(letter);
        if used > most {
            end = start + at;
            break;
        }
    }
    start..if end == content.len() { line.len() } else { end }
}

fn columns(line: &str) -> usize {
    line.trim_end_matches(['\n', '\r']).chars().map(wide).sum()
}

fn wide(letter: char) -> usize {
    match letter {
        '\t' => TAB,
        letter => textwrap::core::display_width(letter.encode_utf8(&mut [0; 4])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str, part: &str) -> Label {
        let start = text.find(part).expect("it is there");
        let line = text[..start].matches('\n').count() + 1;
        Label {
            file: "a.yml".to_owned(),
            line,
            column: 1,
            end_line: line,
            end_column: 1,
            byte_start: start,
            byte_end: start + part.len(),
            primary: true,
            text: String::new(),
        }
    }

    fn cropped(text: &str, parts: &[&str]) -> Option<(String, Vec<String>)> {
        let file = SourceFile { path: "a.yml".to_owned(), text: text.to_owned() };
        let labels: Vec<Label> = parts.iter().map(|part| label(text, part)).collect();
        let found = crop(&file, &labels.iter().collect::<Vec<_>>(), 60)?;
        let texts =
            found.labels.iter().map(|label| found.file.text[label.byte_start..label.byte_end].to_owned());
        Some((found.file.text.clone(), texts.collect()))
    }

    #[test]
    fn short_lines_are_left() {
        assert!(cropped("version: 1\nindex: orders\n", &["orders"]).is_none());
    }

    #[test]
    fn a_label_keeps_its_text_wherever_it_is_in_a_long_line() {
        let long = |before: usize, after: usize| {
            format!("a: 1\n{}needle{}\nb: 2\n", "日本 ".repeat(before), " wörd".repeat(after))
        };
        for (before, after) in [(0, 100), (3, 100), (100, 100), (100, 0)] {
            let text = long(before, after);
            let (cut, labels) = cropped(&text, &["needle"]).expect("it is cut");
            assert_eq!(labels, ["needle"], "{cut}");
            assert!(cut.lines().all(|line| columns(line) <= 60 - FRAME), "{cut}");
            assert_eq!((cut.lines().count(), cut.starts_with("a: 1\n")), (3, true), "{cut}");
            assert!(cut.ends_with("\nb: 2\n"), "{cut}");
        }
    }

    #[test]
    fn a_label_that_was_cut_away_points_to_the_cut() {
        let text = format!("near {} far\n", "x ".repeat(100));
        let (_, labels) = cropped(&text, &["near", "far"]).expect("it is cut");
        assert_eq!(labels, ["near", ""]);
    }

    #[test]
    fn the_end_of_a_file_without_a_line_feed_is_a_place() {
        let text = format!("{}end", "x ".repeat(100));
        let (_, labels) = cropped(&text, &["end"]).expect("it is cut");
        assert_eq!(labels, ["end"]);
    }
}
