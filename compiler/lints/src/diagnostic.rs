//! Diagnostics: what is wrong in the files, where, and how to fix it.
//!
//! Places are byte ranges; lines and columns are found when a diagnostic is shown ([`Sources`]).

use std::ops::Range;

pub use flusso_schemas::report::Level;
use flusso_schemas::report::{Finding, Fix, Label};

use crate::lint::LintId;

/// One file's text, as the caller read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to the project's folder, with `/` between its parts.
    pub path: String,
    /// The whole file, to which every [`Place`] points.
    pub text: String,
}

/// A byte range of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the file: 0 is the project's, the others follow in the order of their paths.
    pub file: usize,
    /// First byte of the range, counted from the start of the file.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl Place {
    /// A range of a file.
    pub fn new(file: usize, span: Range<usize>) -> Self {
        Self { file, start: span.start, end: span.end }
    }
}

/// An edit that settles a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; an empty range inserts.
    pub place: Place,
    /// The new text; empty to delete the bytes.
    pub replacement: String,
    /// Whether the edit can be applied without asking: readers of the index see only what was meant.
    pub safe: bool,
}

/// One finding. Only a lint's file makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The lint whose file built this finding.
    pub lint: LintId,
    /// How serious it is.
    pub level: Level,
    /// The problem and its consequence: one sentence that makes sense without the notes.
    pub message: String,
    /// The smallest place that shows the problem, and its label (may be empty).
    pub primary: (Place, String),
    /// Other places that explain it, with their labels.
    pub related: Vec<(Place, String)>,
    /// What the catalog says.
    pub notes: Vec<String>,
    /// The remedy, one imperative.
    pub help: Option<String>,
    /// An edit that settles it, where one is certain.
    pub fix: Option<Edit>,
    /// The part of a live system that it is about, such as `table:shop.orders`.
    pub about: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(lint: LintId, level: Level, place: Place, message: String) -> Self {
        let primary = (place, String::new());
        let (related, notes) = (Vec::new(), Vec::new());
        Self { lint, level, message, primary, related, notes, help: None, fix: None, about: None }
    }

    /// A finding about a live system, shown at the line of the files that it concerns.
    pub fn placed(finding: Finding, place: Place) -> Self {
        let lint = crate::find(&finding.lint).expect("a finding is only built from a lint of the catalogue");
        Self {
            notes: finding.notes,
            help: finding.help,
            about: finding.about,
            ..Self::new(lint, finding.level, place, finding.message)
        }
    }

    /// Sets the remedy: one imperative with the exact thing to type.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fact from the catalog.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds another place that explains the finding, with its label.
    pub fn related(mut self, place: Place, text: impl Into<String>) -> Self {
        self.related.push((place, text.into()));
        self
    }

    /// Names the part of a live system that it is about: `table:shop.orders`, `column:shop.orders.id`, `sink:search`.
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.about = Some(what.into());
        self
    }

    /// Sets the only possible replacement as the help and as a safe fix.
    pub fn instead(self, place: Place, text: impl Into<String>) -> Self {
        let text = text.into();
        self.help(format!("write `{text}`")).fix(place, text)
    }

    /// Sets an edit that can be applied without asking.
    pub fn fix(self, place: Place, replacement: impl Into<String>) -> Self {
        self.edit(place, replacement.into(), true)
    }

    /// Sets an edit that may change documents, so a person has to confirm it.
    pub fn unsafe_fix(self, place: Place, replacement: impl Into<String>) -> Self {
        self.edit(place, replacement.into(), false)
    }

    fn edit(mut self, place: Place, replacement: String, safe: bool) -> Self {
        self.fix = Some(Edit { place, replacement, safe });
        self
    }

    /// Whether it prevents a lock.
    pub fn is_deny(&self) -> bool {
        self.level == Level::Deny
    }

    /// The finding as every format prints it; only a safe fix is a part of it.
    pub fn to_finding(&self, sources: &Sources<'_>) -> Finding {
        let primary = sources.label(&self.primary.0, true, &self.primary.1);
        let related = self.related.iter().map(|(place, text)| sources.label(place, false, text));
        let fix = self.fix.as_ref().filter(|edit| edit.safe).map(|edit| Fix {
            file: sources.files[edit.place.file].path.clone(),
            byte_start: edit.place.start,
            byte_end: edit.place.end,
            replacement: edit.replacement.clone(),
        });
        Finding {
            lint: self.lint.name.to_owned(),
            level: self.level,
            message: self.message.clone(),
            help: self.help.clone(),
            labels: std::iter::once(primary).chain(related).collect(),
            notes: self.notes.clone(),
            fix,
            about: self.about.clone(),
        }
    }
}

/// Sorts by file and place, so that a run's findings are the same whatever found them first.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (&a.primary.0, a.lint, &a.message).cmp(&(&b.primary.0, b.lint, &b.message)));
    diagnostics.dedup();
}

/// Files with their line starts, to find lines and columns.
#[derive(Debug)]
pub struct Sources<'a> {
    files: &'a [SourceFile],
    line_starts: Vec<Vec<usize>>,
}

impl<'a> Sources<'a> {
    /// Indexes the lines of every file.
    pub fn new(files: &'a [SourceFile]) -> Self {
        let starts = |file: &SourceFile| {
            let after_line_feeds = file.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(after_line_feeds).collect()
        };
        Self { files, line_starts: files.iter().map(starts).collect() }
    }

    /// A place as every format prints it.
    pub fn label(&self, place: &Place, primary: bool, text: &str) -> Label {
        let (line, column) = self.position(place.file, place.start);
        let (end_line, end_column) = self.position(place.file, place.end);
        Label {
            file: self.files[place.file].path.clone(),
            line,
            column,
            end_line,
            end_column,
            byte_start: place.start,
            byte_end: place.end,
            primary,
            text: text.to_owned(),
        }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    fn position(&self, file: usize, byte: usize) -> (usize, usize) {
        let starts = &self.line_starts[file];
        let line = starts.partition_point(|start| *start <= byte);
        let start = starts[line - 1];
        let column = self.files[file].text.get(start..byte).map_or(0, |text| text.chars().count());
        (line, column + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unknown_key;

    #[test]
    fn places_become_lines_and_columns_in_characters() {
        let files = [SourceFile { path: "a.yml".to_owned(), text: "ä: 1\nöö: x\n".to_owned() }];
        let sources = Sources::new(&files);
        let x = files[0].text.find('x').expect("it is there");
        let finding = unknown_key::reserved("x", Place::new(0, x..x + 1)).to_finding(&sources);
        let label = &finding.labels[0];
        assert_eq!((label.line, label.column, label.end_line, label.end_column), (2, 5, 2, 6));
        assert_eq!((label.byte_start, label.byte_end), (x, x + 1));
    }
}
