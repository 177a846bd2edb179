//! Masks the texts of files and messages: everything that may contain a credential is hidden.
//!
//! Works on lines, not on the YAML tree: a file that cannot be parsed is shown as well. Every character is
//! replaced by one of the same width in bytes, so that places stay where they are.

mod credential;
mod line;
mod said;

use std::ops::Range;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::sql_text::string_constants;

pub(crate) use credential::{outside_references, replace_references};
pub(crate) use said::Quotable;

/// Keys at the left edge of a project file whose nested values hold no credential.
const OPEN_BLOCKS: [&str; 3] = ["indexes", "defaults", "lints"];
/// Keys at the left edge that have one value on their own line, which holds no credential.
const OPEN_LINES: [&str; 2] = ["version", "project"];
/// Words before `=` or `:` whose value is hidden wherever they are.
const CREDENTIAL_WORDS: [&str; 10] =
    ["password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "apikey", "credential", "auth"];

/// The text of a project file as it may be shown: only what is known to hold no credential is left in
/// `source`, `sinks`, unknown blocks and comments.
#[must_use]
pub fn project_text(text: &str) -> String {
    masked(text, &project_ranges(text))
}

/// Whether a text has the password of a URL written out, or something assigned to a word such as `password`.
pub(crate) fn holds_credential(text: &str) -> bool {
    !credential::written(text).is_empty()
}

/// The same for the value of a key. In an SQL expression only its strings can assign: outside of them `token = other` is
/// a comparison.
pub(crate) fn holds_credential_under(key: &str, text: &str) -> bool {
    match (key, string_constants(text)) {
        ("sql", Ok(strings)) => strings.into_iter().any(|range| holds_credential(&text[range])),
        _ => holds_credential(text),
    }
}

/// A message without the users and passwords of URLs that it quotes.
pub(crate) fn hide_urls(diagnostic: &mut Diagnostic) {
    let help = diagnostic.help.iter_mut();
    let related = diagnostic.related.iter_mut().map(|(_, text)| text);
    let texts = [&mut diagnostic.message, &mut diagnostic.primary.1].into_iter();
    for text in texts.chain(help).chain(related).chain(&mut diagnostic.notes) {
        *text = without_user_info(text);
    }
    diagnostic.fix.take_if(|fix| without_user_info(&fix.replacement) != fix.replacement);
}

fn without_user_info(text: &str) -> String {
    hidden(text, &[])
}

/// Every text of a project file that is not shown.
fn hidden_texts(text: &str) -> impl Iterator<Item = &str> {
    project_ranges(text).into_iter().map(move |range| &text[range])
}

/// The text of an index file as it may be shown: users and passwords of URLs and what follows
/// `password=` are hidden.
#[must_use]
pub fn index_text(text: &str) -> String {
    hidden(text, &['='])
}

/// A text without users and passwords of URLs, and without what follows a word such as `password` and one of the signs.
fn hidden(text: &str, signs: &[char]) -> String {
    let ranges: Vec<_> =
        lines(text).flat_map(|(at, line)| moved(line::assignments(line, signs), at)).collect();
    masked(text, &ranges)
}

/// Files as they may be shown, the project's first.
#[must_use]
pub fn shown(files: &[SourceFile]) -> Vec<SourceFile> {
    let text = |(number, file): (usize, &SourceFile)| SourceFile {
        path: file.path.clone(),
        text: if number == 0 { project_text(&file.text) } else { index_text(&file.text) },
    };
    files.iter().enumerate().map(text).collect()
}

/// Which part of a project file a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Open,
    /// Everything is hidden that is not known to be harmless.
    Closed,
}

fn project_ranges(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut block = Block::Closed;
    // A value of several lines: every deeper line belongs to it.
    let mut value_of: Option<usize> = None;
    for (at, line) in lines(text) {
        let indent = line.len() - line.trim_start().len();
        let is_comment = line.trim_start().starts_with('#');
        if line.trim().is_empty() || line.trim_end() == "---" {
            continue;
        }
        if indent == 0 && !is_comment {
            block = if starts_with_key(line, &OPEN_BLOCKS) || starts_with_key(line, &OPEN_LINES) {
                Block::Open
            } else {
                Block::Closed
            };
            value_of = None;
        }
        let found = match block {
            Block::Open => {
                // Of `version` and `project` only the line itself is open.
                if starts_with_key(line, &OPEN_LINES) {
                    block = Block::Closed;
                }
                let mut found = line::assignments(line, &['=', ':']);
                found.extend(line::comment(line));
                found
            }
            Block::Closed if is_comment => {
                let mut found = line::assignments(line, &['=']);
                found.extend(line::comment(line));
                found
            }
            Block::Closed => {
                value_of = value_of.filter(|outer| indent > *outer);
                if value_of.is_some() {
                    std::iter::once(indent..line.trim_end().len()).collect()
                } else {
                    let read = line::closed(line);
                    value_of = read.continues.then_some(indent);
                    read.hidden
                }
            }
        };
        hidden.extend(moved(found, at));
    }
    hidden
}

fn starts_with_key(line: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

/// Every line without its line feed, with the byte it begins at.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

fn moved(ranges: impl IntoIterator<Item = Range<usize>>, by: usize) -> impl Iterator<Item = Range<usize>> {
    ranges.into_iter().map(move |range| range.start + by..range.end + by)
}

/// The text with every character of the ranges replaced by one of as many bytes.
fn masked(text: &str, ranges: &[Range<usize>]) -> String {
    let is_hidden = |at: usize| ranges.iter().any(|range| range.contains(&at));
    let shown = |(at, character): (usize, char)| match character.len_utf8() {
        _ if character == '\n' || character == '\r' || !is_hidden(at) => character,
        1 => '*',
        2 => '·',
        3 => '•',
        _ => '🞄',
    };
    text.char_indices().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(block: &str) -> String {
        project_text(block)
    }

    #[test]
    fn references_and_known_words_stay_and_every_other_value_is_hidden() {
        let text = "version: 1\nproject: shop\nsource:\n  postgres:\n    url: \"${DATABASE_URL}\"\n    \
                    sslmode: require\n    slot: My-Slot\n    statement_timeout: 30 sec # hunter2\nindexes: \
                    [indexes/*.yml]\n";
        let expected = text.replace("My-Slot", "*******").replace("# hunter2", "*********");
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn a_url_is_hidden_whatever_its_password_holds() {
        for password in ["p@ss", "p:a/s?s#w", "p, url: x", "p{a}", "p\"q", "ä€🂡"] {
            for quote in ["", "\"", "'"] {
                let url = format!("{quote}postgres://u:{password}@h/db{quote}");
                let text = format!("source:\n  postgres: {{ url: {url}, sslmode: require }}\n");
                let masked = shown(&text);
                assert!(!masked.contains("u:p") && !masked.contains('ä'), "{masked}");
                assert_eq!(masked.len(), text.len());
                assert_eq!(masked.chars().count(), text.chars().count());
            }
        }
    }

    #[test]
    fn a_value_that_goes_on_in_deeper_lines_is_hidden_to_its_end() {
        for value in
            ["|\n      hunter2: x", ">-\n      hunter2: x", "\n      hunter2", "\"a\n      hunter2: b\""]
        {
            let text = format!("source:\n  postgres:\n    password: {value}\n    sslmode: prefer\n");
            let masked = shown(&text);
            assert!(!masked.contains("hunter2"), "{masked}");
            assert!(masked.ends_with("    sslmode: prefer\n"), "{masked}");
        }
    }

    #[test]
    fn blocks_that_nobody_knows_and_comments_are_hidden() {
        let text = "# old: postgres://u:hunter2@h\nversion: 1 # hunter2\npostgres:\n  pasword: hunter2\n";
        let expected = "*****************************\nversion: 1 *********\npostgres:\n  pasword: *******\n";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn an_index_file_hides_urls_and_assignments_only() {
        let text = "index: users\nfields:\n  token: keyword\n  a: { sql: \"f('http://u:hunter2@h')\" }\n  \
                    b: { sql: \"g('host=h password=hunter2')\" }\n";
        let masked = index_text(text);
        assert!(!masked.contains("hunter2"), "{masked}");
        assert!(masked.contains("token: keyword") && masked.contains("f('http://"), "{masked}");
    }
}
