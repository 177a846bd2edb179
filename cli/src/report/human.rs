//! Findings with the lines of the files they are about, drawn by miette.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use flusso_compiler::diagnostic::SourceFile;
use flusso_schemas::report::{Finding, Label, Level};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    Severity, SourceCode, SourceSpan, SpanContents,
};

use textwrap::core::Word;
use textwrap::{WordSeparator, WordSplitter};

use super::crop::{Cropped, crop};
use super::level;
use crate::terminal_style::TerminalStyle;

/// Every finding, an empty line between two.
pub(super) fn render(findings: &[&Finding], sources: &[SourceFile], style: &TerminalStyle) -> String {
    let indexed: Vec<Indexed<'_>> = sources.iter().map(Indexed::new).collect();
    let texts: Vec<String> = findings.iter().map(|finding| one(finding, &indexed, style)).collect();
    texts.join("\n")
}

/// The message with the primary file's lines, then the other files', then the footer.
fn one(finding: &Finding, sources: &[Indexed<'_>], style: &TerminalStyle) -> String {
    let mut theme = if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    // Level and lint replace miette's cross: nobody should have to guess whether the finding fails the build.
    let head = format!("{}[{}]:", level(finding.level), finding.lint);
    (theme.characters.error, theme.characters.warning) = (head.clone(), head);
    theme.characters.advice = "-->".to_owned();
    let plain = GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    // A name with hyphens stays whole, or it could not be copied; so does a statement.
    let plain = plain
        .with_break_words(false)
        .with_word_separator(WordSeparator::Custom(words))
        .with_word_splitter(WordSplitter::NoHyphenation);
    let last = match footer(finding, style) {
        Some(footer) => plain.clone().with_footer(footer),
        None => plain.clone(),
    };
    let cut = cut(finding, sources, style.width);
    let files: Vec<Indexed<'_>> = cut
        .files
        .iter()
        .map(|(file, skipped)| Indexed { skipped: skipped.clone(), ..Indexed::new(file) })
        .collect();
    let all: Vec<&Indexed<'_>> = files.iter().chain(sources).collect();
    let parts = parts(&cut.finding, &all);
    let mut text = String::new();
    for (place, part) in parts.iter().enumerate() {
        let handler = if place + 1 == parts.len() { &last } else { &plain };
        handler.render_report(&mut text, part).expect("a string takes all text");
    }
    // miette indents the first line by the width of its own mark.
    text.trim_start().to_owned()
}

/// Lines that break between words; a terminal would break them within one.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation)
        .subsequent_indent("    ");
    let lines: Vec<String> = text.lines().map(|line| textwrap::fill(line, &options)).collect();
    lines.join("\n")
}

/// The words of a line, each with the spaces behind it. What is between backticks is one word, however long: it is there to
/// be copied.
fn words<'a>(line: &'a str) -> Box<dyn Iterator<Item = Word<'a>> + 'a> {
    let (mut is_quoted, mut was_space, mut start) = (false, false, 0);
    let mut found = Vec::new();
    for (at, letter) in line.char_indices() {
        if was_space && letter != ' ' && !is_quoted && at > start {
            found.push(Word::from(&line[start..at]));
            start = at;
        }
        is_quoted ^= letter == '`';
        was_space = letter == ' ' && !is_quoted;
    }
    if start < line.len() {
        found.push(Word::from(&line[start..]));
    }
    Box::new(found.into_iter())
}

/// What the live system says and what to do, below the lines.
fn footer(finding: &Finding, style: &TerminalStyle) -> Option<String> {
    let notes = finding.notes.iter().map(|note| format!("{}: {note}", style.paint(34, "note")));
    let help = finding.help.iter().map(|help| format!("{}: {help}", style.paint(36, "help")));
    let lines: Vec<String> = notes.chain(help).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A finding with copies of its files in which long lines are cut.
struct Cut<'a> {
    finding: Cow<'a, Finding>,
    files: Vec<(SourceFile, BTreeMap<usize, usize>)>,
}

fn cut<'a>(finding: &'a Finding, sources: &[Indexed<'_>], width: usize) -> Cut<'a> {
    let mut cut = Cut { finding: Cow::Borrowed(finding), files: Vec::new() };
    for source in sources {
        let is_here = |label: &&Label| label.file == source.file.path;
        let labels: Vec<&Label> = finding.labels.iter().filter(is_here).collect();
        if labels.is_empty() {
            continue;
        }
        let Some(Cropped { file, labels, skipped }) = crop(source.file, &labels, width) else { continue };
        let mut moved = labels.into_iter();
        let own = cut.finding.to_mut().labels.iter_mut().filter(|label| label.file == file.path);
        own.for_each(|label| *label = moved.next().expect("a label a label"));
        cut.files.push((file, skipped));
    }
    cut
}

/// A finding's places in one file, as miette takes them.
#[derive(Debug)]
struct FileLabels<'a> {
    level: Option<Level>,
    message: String,
    source: Option<&'a Indexed<'a>>,
    labels: Vec<&'a Label>,
}

/// A finding taken apart by file, the primary one first, under its message.
fn parts<'a>(finding: &'a Finding, sources: &[&'a Indexed<'a>]) -> Vec<FileLabels<'a>> {
    let part = |file: &str, level, message| FileLabels {
        level,
        message,
        source: sources.iter().find(|source| source.file.path == file).copied(),
        labels: finding.labels.iter().filter(|label| label.file == file).collect(),
    };
    let mut files: Vec<&str> = Vec::new();
    for label in &finding.labels {
        if !files.contains(&label.file.as_str()) {
            files.push(&label.file);
        }
    }
    let first =
        part(files.first().copied().unwrap_or_default(), Some(finding.level), finding.message.clone());
    let others = files.iter().skip(1).map(|file| part(file, None, format!("see `{file}`")));
    std::iter::once(first).chain(others).collect()
}

impl fmt::Display for FileLabels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FileLabels<'_> {}

impl Diagnostic for FileLabels<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Some(Level::Deny) => Severity::Error,
            Some(Level::Warn | Level::Allow) => Severity::Warning,
            None => Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source?;
        Some(Box::new(self.labels.iter().map(|label| span_of(label))))
    }
}

fn span_of(label: &Label) -> LabeledSpan {
    let text = (!label.text.is_empty()).then(|| label.text.clone());
    let span = SourceSpan::from(label.byte_start..label.byte_end);
    if label.primary {
        LabeledSpan::new_primary_with_span(text, span)
    } else {
        LabeledSpan::new_with_span(text, span)
    }
}

/// A file with its line starts: miette's own strings are read from their first byte at every span.
#[derive(Debug)]
struct Indexed<'a> {
    file: &'a SourceFile,
    line_starts: Vec<usize>,
    /// By how many characters a line begins too late, where it was cut.
    skipped: BTreeMap<usize, usize>,
}

impl<'a> Indexed<'a> {
    fn new(file: &'a SourceFile) -> Self {
        let starts = file.text.match_indices('\n').map(|(at, _)| at + 1);
        Self { file, line_starts: std::iter::once(0).chain(starts).collect(), skipped: BTreeMap::new() }
    }

    /// Number of the line that a byte is on, from 0.
    fn line(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte) - 1
    }
}

impl SourceCode for Indexed<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let text = &self.file.text;
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.line(start).saturating_sub(lines_before);
        // An end behind a line feed belongs to the line it ends.
        let last =
            (self.line(end.saturating_sub(1).max(start)) + lines_after).min(self.line_starts.len() - 1);
        let from = self.line_starts[first];
        let to = self.line_starts.get(last + 1).copied().unwrap_or(text.len());
        let skipped = self.skipped.get(&first).copied().unwrap_or(0);
        let column = if lines_before == 0 { text[from..start].chars().count() + skipped } else { 0 };
        let from = if lines_before == 0 { start } else { from };
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.path.clone(),
            &text.as_bytes()[from..to],
            SourceSpan::from(from..to),
            first,
            column,
            last - first + 1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use flusso_compiler::diagnostic::{Place, Sources};
    use flusso_lints::unknown_column::{self, Missing};
    use flusso_lints::{body_refused, missing_key, wal_level_not_logical};

    use super::*;
    use textwrap::core::display_width;

    const ORDERS: &str = "version: 1\nindex: orders\ntable: orders\nfields:\n  id: long\n  prise: decimal\n";

    fn files() -> Vec<SourceFile> {
        [("flusso.yml", "version: 1\nproject: shop\n"), ("indexes/orders.yml", ORDERS)]
            .map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() })
            .to_vec()
    }

    fn finding(files: &[SourceFile]) -> Finding {
        let place = |file: usize, text: &str| {
            let at = files[file].text.find(text).expect("it is there");
            Place::new(file, at..at + text.len())
        };
        let missing = Missing { table: "shop.orders", columns: &["id", "price"], column: "prise" };
        let mut found = unknown_column::named(missing, place(1, "prise"), "")
            .related(place(1, "table: orders"), "the table is named here")
            .related(place(0, "shop"), "its schema is this project's");
        found.primary.1 = "no such column".to_owned();
        found.to_finding(&Sources::new(files))
    }

    fn rendered(width: usize, color: bool) -> String {
        let files = files();
        render(&[&finding(&files)], &files, &TerminalStyle { color, terminal: false, width })
    }

    #[test]
    fn a_finding_in_two_files_shows_both() {
        insta::assert_snapshot!(rendered(80, false));
    }

    #[test]
    fn a_narrow_terminal_wraps_words() {
        insta::assert_snapshot!(rendered(40, false));
    }

    #[test]
    fn a_name_is_never_broken_at_its_hyphens() {
        let name = "`flusso-judge-with-a-very-long-name-0123abcd`";
        let finding = body_refused::finding("orders", &format!("here and there is a {name} to copy"));
        let help = format!("write and check {name} in the file");
        let style = TerminalStyle { color: false, terminal: false, width: 40 };
        let text = render(&[&finding.with_help(help)], &[], &style);
        assert_eq!(text.matches(name).count(), 2, "{text}");
    }

    #[test]
    fn an_underline_stays_under_its_word_in_a_long_line() {
        let line = format!(
            "fields: {{ {}wrong: long, {}last: text }}",
            "ä日: text, ".repeat(20),
            "b: text, ".repeat(20)
        );
        let files =
            vec![SourceFile { path: "a.yml".to_owned(), text: format!("version: 1\n{line}\n\tx: 1\n") }];
        let at = files[0].text.find("wrong").expect("it is there");
        let found = missing_key::empty_file(Place::new(0, at..at + 5)).to_finding(&Sources::new(&files));
        for width in [60, 80] {
            let style = TerminalStyle { color: false, terminal: false, width };
            let text = render(&[&found], &files, &style);
            let column = |line: &str, part: &str| line.find(part).map(|at| display_width(&line[..at]));
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.iter().all(|line| display_width(line) <= width), "{text}");
            let word = lines.iter().find_map(|line| column(line, "wrong")).expect("the line is shown");
            let underline = lines.iter().find_map(|line| {
                column(line, "─────").filter(|_| !line.contains("╭") && !line.contains("╰"))
            });
            assert_eq!(underline, Some(word), "{text}");
            let header = format!("[a.yml:2:{}]", line[..at - 11].chars().count() + 1);
            assert!(text.contains(&header), "{header}: {text}");
        }
    }

    #[test]
    fn a_failure_breaks_between_words_and_not_in_a_statement() {
        let text = "error: some words about something that failed\n  help: run `alter table t replica identity full`";
        let lines = "error: some words about something\n    that failed\n  help: run\n    `alter table t replica identity full`";
        assert_eq!(wrapped(text, 36), lines);
    }

    #[test]
    fn a_statement_is_never_broken() {
        let statement = "`alter publication \"p\" add table \"shop\".\"a b\"`";
        let finding = body_refused::finding("orders", "some words before the others")
            .with_help(format!("let the owner run {statement}, or add `publication` to `manage`"));
        let style = TerminalStyle { color: true, terminal: false, width: 40 };
        let text = render(&[&finding], &[], &style);
        assert!(text.contains(statement), "{text}");
        let unpaired = body_refused::finding("orders", "one ` and many words after it that have to wrap");
        assert!(render(&[&unpaired], &[], &style).contains("wrap"));
    }

    #[test]
    fn colours_are_there_only_when_asked_for() {
        assert!(rendered(80, true).contains('\u{1b}'));
        assert!(!rendered(80, false).contains('\u{1b}'));
    }

    #[test]
    fn a_finding_of_a_live_system_needs_no_file() {
        let finding = wal_level_not_logical::finding("replica");
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        let text = render(&[&finding], &[], &style);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_place_at_the_end_of_a_file_is_shown() {
        let files = files();
        let end = files[1].text.len();
        let found = missing_key::empty_file(Place::new(1, end..end)).to_finding(&Sources::new(&files));
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        assert!(render(&[&found], &files, &style).contains("indexes/orders.yml"));
    }
}
