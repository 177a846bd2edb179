//! The strict reader: the file's own text first, then its version, digests, keys and references,
//! and at last that it is spelled as the writer spells it.

mod digests;
pub(super) mod index;
pub(super) mod item;
pub(super) mod keys;
pub(super) mod places;
pub(super) mod problem;
mod query;
mod references;

use std::ops::Range;

use toml::de::DeTable;

use self::item::Item;
use self::keys::Keys;
use self::problem::{Problem, Result};
use super::block::{Block as _, Checked as _};
use super::codec::{Blocks, Codec as _};
use super::{IndexPlan, LOCK_VERSION, Lock, index_text, write};

/// Why a text is not a lock that this flusso executes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters from 1.
    pub column: usize,
    /// The problem, in one sentence.
    pub message: String,
    /// The remedy, one imperative.
    pub help: Option<String>,
}

/// Reads a lock: every key known, every digest and fingerprint verified, every reference found.
pub fn read(text: &str) -> std::result::Result<Lock, ReadError> {
    lock(text).map_err(|problem| problem.locate(text))
}

/// Reads one `[[index]]` block as [`super::index_text`] printed it, as the state keeps it.
pub fn read_index(text: &str) -> std::result::Result<IndexPlan, ReadError> {
    index_alone(text).map_err(|problem| problem.locate(text))
}

fn lock(text: &str) -> Result<Lock> {
    let document = parse(text)?;
    version(&document)?;
    digests::verify(text, &document)?;
    let mut keys = Keys::new(Lock::WHAT, 0, document);
    keys.required("lock_version")?;
    let lock = Lock::read(&mut keys)?;
    if lock.indexes.is_empty() {
        return keys.missing("index");
    }
    let places = keys.finish()?;
    references::check(&lock, &places)?;
    same_spelling(text, &write(&lock))?;
    Ok(lock)
}

fn index_alone(text: &str) -> Result<IndexPlan> {
    let document = parse(text)?;
    digests::verify_blocks(text, &document)?;
    let mut keys = Keys::new("the block", 0, document);
    let mut indexes: Vec<IndexPlan> = Blocks::read(&mut keys, "index")?;
    let index = match (indexes.pop(), indexes.is_empty()) {
        (Some(only), true) => only,
        (Some(_), false) => return Err(Problem::new(0, "expected one `[[index]]`")),
        (None, _) => return keys.missing("index"),
    };
    keys.finish()?;
    same_spelling(text, &index_text(&index))?;
    Ok(index)
}

/// Parses the text after a look at what editors and git do to it.
fn parse(text: &str) -> Result<DeTable<'_>> {
    if text.starts_with('\u{feff}') {
        return Err(Problem::new(0, "the file begins with a byte order mark")
            .with_help("save it as UTF-8 without one, or run `flusso compile`"));
    }
    if let Some(at) = text.find('\r') {
        return Err(Problem::new(at, "the line ends in a carriage return: a lock has line feeds only")
            .with_help(
                "write `flusso.lock text eol=lf` into `.gitattributes` and check the file out again",
            ));
    }
    match DeTable::parse(text) {
        Ok(document) => Ok(document.into_inner()),
        Err(error) => Err(conflict_mark(text).unwrap_or_else(|| {
            let at = error.span().unwrap_or(Range { start: text.len(), end: text.len() }).start;
            Problem::new(at, format!("not TOML: {}", error.message()))
        })),
    }
}

fn conflict_mark(text: &str) -> Option<Problem> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            return Some(Problem::new(at, "unresolved merge conflict"));
        }
        at += line.len();
    }
    None
}

fn version(document: &DeTable<'_>) -> Result<()> {
    let Some(value) = document.get("lock_version") else {
        return Err(Problem::new(0, "not a lock: the key `lock_version` is missing"));
    };
    let at = value.span().start;
    match Item::new("lock_version", at, value.clone()).integer()? {
        newer if newer > u64::from(LOCK_VERSION) => Err(Problem::new(
            at,
            format!("written by a newer flusso: lock version {newer}, and this one reads {LOCK_VERSION}"),
        )
        .with_help("run that flusso or a newer one, or rewrite the file with `flusso compile`")),
        known if known == u64::from(LOCK_VERSION) => Ok(()),
        0 => Err(Problem::new(at, "unknown lock version 0")),
        older => Err(Problem::new(
            at,
            format!("written by an older flusso: lock version {older}, and this one reads {LOCK_VERSION}"),
        )),
    }
}

/// One meaning has one spelling, so that equal digests and equal files are the same. Fingerprints are
/// verified here too: the canonical text has the right ones.
fn same_spelling(text: &str, canonical: &str) -> Result<()> {
    if text == canonical {
        return Ok(());
    }
    let at = first_difference(text, canonical);
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let key = text[line_start..].split(' ').next().unwrap_or_default();
    if !IndexPlan::COMPUTED.contains(&key) {
        return Err(Problem::new(at, "not in canonical form from here on"));
    }
    let block = text[..at].rfind("[[index]]\nname = ").map_or("", |start| &text[start..]);
    let index = block.split('"').nth(1).unwrap_or_default();
    let message =
        format!("`{key}` of `[[index]] {index}` does not match the block: the lock was edited by hand");
    Err(Problem::new(at, message))
}

/// The byte where two spellings part; digests differ where what they are over does.
fn first_difference(text: &str, canonical: &str) -> usize {
    let mut line_start = 0;
    let mut canonical_lines = canonical.split_inclusive('\n');
    for ours in text.split_inclusive('\n') {
        let theirs = canonical_lines.next().unwrap_or_default();
        let both_digests = [ours, theirs].iter().all(|line| line.starts_with("digest = \""));
        if ours != theirs && !both_digests {
            let same = ours.bytes().zip(theirs.bytes()).take_while(|(our, their)| our == their).count();
            return (0..=line_start + same).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        }
        line_start += ours.len();
    }
    text.len()
}
