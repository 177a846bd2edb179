//! One line: which bytes of it are hidden.

use std::iter;
use std::ops::Range;

use flusso_lints::words::nearest;

use super::{CREDENTIAL_WORDS, credential};

/// Keys below `source` and `sinks`, whose names may be shown wherever they are.
pub(super) const KEYS: &[&str] = &[
    "gzip_level",
    "version",
    "project",
    "source",
    "postgres",
    "sinks",
    "indexes",
    "defaults",
    "lints",
    "server",
    "listen",
    "url",
    "host",
    "port",
    "user",
    "password",
    "database",
    "sslmode",
    "ssl_root_cert",
    "ssl_cert",
    "ssl_key",
    "schema",
    "publication",
    "slot",
    "manage",
    "statement_timeout",
    "replication_url",
    "opensearch",
    "stdout",
    "pretty",
    "username",
    "client_cert",
    "client_key",
    "ca_cert",
    "index_prefix",
    "index_settings",
    "tls_verify",
    "bulk",
    "documents_max",
    "bytes_max",
    "requests_in_flight",
    "timeout",
    "compress",
    "file",
    "command",
    "env",
    "number_of_replicas",
    "number_of_shards",
    "refresh_interval",
    "replicas",
    "shards",
    "codec",
];
/// Values that are words of the language, so they cannot be credentials.
pub(super) const WORDS: &[&str] = &[
    "",
    "true",
    "false",
    "null",
    "~",
    "yes",
    "no",
    "on",
    "off",
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
    "gzip",
    "none",
    "publication",
    "replica_identity",
    "slot",
    "public",
];
/// Keys whose value is a number, mostly with a unit.
const NUMBERS: &[&str] = &[
    "gzip_level",
    "version",
    "port",
    "statement_timeout",
    "timeout",
    "documents_max",
    "bytes_max",
    "requests_in_flight",
    "number_of_replicas",
    "number_of_shards",
    "replicas",
    "shards",
    "refresh_interval",
];
/// Keys whose value is one of a few words, so a misspelled one cannot be a credential.
const WORD_KEYS: &[&str] = &["sslmode", "manage", "tls_verify", "compress", "pretty"];
/// Settings of an index: their short values cannot be credentials.
const SETTINGS: &[&str] =
    &["number_of_replicas", "number_of_shards", "replicas", "shards", "refresh_interval"];
/// Longest value of a setting that is shown.
const SETTING_MAX: usize = 16;
/// Most digits of a number that is shown, and most letters of its unit.
const DIGITS_MAX: usize = 9;
const UNIT_MAX: usize = 7;
/// Longest unknown key that is shown.
const KEY_MAX: usize = 40;

/// What a line of a closed block hides.
pub(super) struct Closed {
    pub(super) hidden: Vec<Range<usize>>,
    /// Whether deeper lines belong to this line's value.
    pub(super) continues: bool,
}

/// Reads a line whose unknown parts are masked: only what is known to be harmless is shown.
pub(super) fn closed(line: &str) -> Closed {
    let mut at = line.len() - line.trim_start().len();
    while line[at..].starts_with("- ") {
        at += 2;
        at += line[at..].len() - line[at..].trim_start().len();
    }
    let Some((key, value_at)) = key(line, at) else {
        return Closed { hidden: values(line, at, ""), continues: true };
    };
    let (before, value) = (&line[..value_at], line[value_at..].trim());
    if !is_identifier(key) {
        return Closed { hidden: iter::once(at..line.trim_end().len()).collect(), continues: true };
    }
    let is_credential = is_credential(key);
    let opens = value.starts_with(['{', '[']);
    // Below a credential there may be `file` or `command`, and nothing else that is shown.
    let continues = if value.is_empty() { is_credential } else { !opens };
    Closed { hidden: values(line, before.len(), key), continues }
}

/// A key with `:` after it at a byte of the line, and the byte after the colon.
fn key(line: &str, at: usize) -> Option<(&str, usize)> {
    let rest = &line[at..];
    let end = rest.find(':').filter(|end| rest[end + 1..].is_empty() || rest[end + 1..].starts_with(' '))?;
    Some((rest[..end].trim().trim_matches(['"', '\'']), at + end + 1))
}

/// Whether a key's value is a credential or leads to one.
pub(super) fn is_credential(key: &str) -> bool {
    matches!(key, "password" | "url" | "user" | "username")
        || CREDENTIAL_WORDS.iter().any(|word| key.to_lowercase().contains(word))
}

pub(super) fn is_identifier(key: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'.';
    KEYS.contains(&key)
        || key.len() <= KEY_MAX
            && key.starts_with(|first: char| first.is_ascii_alphabetic())
            && key.bytes().all(fits)
}

/// What a value hides, from a byte of the line to its end; inside `{ }` and `[ ]` piece by piece.
fn values(line: &str, from: usize, key_before: &str) -> Vec<Range<usize>> {
    let end = line.trim_end().len();
    let from = from + (line[from..].len() - line[from..].trim_start().len());
    if from >= end {
        return Vec::new();
    }
    let value = &line[from..end];
    if !value.starts_with(['{', '[', '}', ']']) {
        return plain(line, from..end, key_before);
    }
    // The items of a list are values of its key.
    let list = if value.starts_with('[') { key_before } else { "" };
    let mut hidden = Vec::new();
    let mut at = from;
    let mut piece = from;
    while at < end {
        let rest = &line[at..end];
        if let Some(reference) = reference(rest) {
            at += reference;
            continue;
        }
        let next = rest.chars().next().expect("it is before the end");
        if matches!(next, '{' | '}' | '[' | ']' | ',') {
            hidden.extend(piece_of(line, piece..at, list));
            piece = at + 1;
        }
        at += next.len_utf8();
    }
    hidden.extend(piece_of(line, piece..end, list));
    hidden
}

/// `key: value` or a value between two brackets or commas. Only known keys are shown here: a comma in an
/// unquoted password makes what follows look like a key.
fn piece_of(line: &str, piece: Range<usize>, list: &str) -> Vec<Range<usize>> {
    let text = &line[piece.clone()];
    let start = piece.start + (text.len() - text.trim_start().len());
    let end = piece.start + text.trim_end().len();
    if start >= end {
        return Vec::new();
    }
    match key(&line[..end], start).filter(|(key, _)| KEYS.contains(key)) {
        Some((key, value_at)) => {
            let value_at = value_at + (line[value_at..end].len() - line[value_at..end].trim_start().len());
            plain(line, value_at.min(end)..end, key)
        }
        None => plain(line, start..end, list),
    }
}

/// A value as a whole: hidden, unless it is a reference, a known word or a number where one is wanted. A
/// comment after a harmless value is hidden by itself.
fn plain(line: &str, range: Range<usize>, key: &str) -> Vec<Range<usize>> {
    let text = &line[range.clone()];
    if let Some(comment) = text.find(" #").filter(|at| is_harmless(text[..*at].trim(), key)) {
        return iter::once(range.start + comment + 1..range.end).collect();
    }
    if is_harmless(text.trim(), key) { Vec::new() } else { vec![range] }
}

fn is_harmless(value: &str, key: &str) -> bool {
    let unquoted = value.trim_matches(['"', '\'']);
    WORDS.contains(&unquoted)
        || !unquoted.is_empty() && reference(unquoted) == Some(unquoted.len())
        || NUMBERS.contains(&key) && is_number(unquoted)
        || WORD_KEYS.contains(&key) && nearest(unquoted, WORDS.iter().copied()).is_some()
        || SETTINGS.contains(&key) && is_setting(unquoted)
}

/// The length of the reference `${NAME}` that a text begins with; one with a default is none, because the
/// default may be what must not be seen.
fn reference(text: &str) -> Option<usize> {
    let end = text.strip_prefix("${")?.find('}')?;
    let name = &text[2..2 + end];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(fits)).then_some(end + 3)
}

fn is_setting(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() <= SETTING_MAX && text.bytes().all(fits)
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches('-').bytes().take_while(u8::is_ascii_digit).count();
    let unit = text.trim_start_matches('-')[digits..].trim();
    (1..=DIGITS_MAX).contains(&digits)
        && unit.len() <= UNIT_MAX
        && unit.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A comment from its `#`, unless it is one that accepts findings.
pub(super) fn comment(line: &str) -> Option<Range<usize>> {
    let at = if line.trim_start().starts_with('#') { line.find('#')? } else { line.find(" #")? + 1 };
    (!line[at..].trim_start_matches('#').trim_start().starts_with("flusso:"))
        .then(|| at..line.trim_end().len())
}

/// From the first `://` to the last `@`: a password may hold whatever else ends an authority.
pub(super) fn user_info(text: &str) -> Option<Range<usize>> {
    let from = text.find("://")? + 3;
    text.rfind('@').filter(|end| *end > from).map(|end| from..end)
}

/// The user and password of a URL, what follows a word such as `password` and one of the signs, and every credential
/// that there is a finding about.
pub(super) fn assignments(line: &str, signs: &[char]) -> Vec<Range<usize>> {
    let mut hidden = credential::written(line);
    hidden.extend(user_info(line));
    let folded = line.to_ascii_lowercase();
    for word in CREDENTIAL_WORDS {
        for (found, _) in folded.match_indices(word) {
            let after = found + word.len();
            let rest = folded[after..]
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
                .trim_start();
            if let Some(value) = rest.strip_prefix(signs) {
                let from = line.len() - value.trim_start().len();
                hidden.push(from..line.trim_end().len().max(from));
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::project::{BULK, OPENSEARCH, POSTGRES, PROJECT, REFERENCE, SINK, SOURCE, STDOUT};

    #[test]
    fn every_key_of_the_project_file_may_be_shown() {
        for table in [&PROJECT, &SOURCE, &POSTGRES, &REFERENCE, &SINK, &OPENSEARCH, &BULK, &STDOUT] {
            for key in table.keys {
                assert!(KEYS.contains(&key.name), "add `{}`", key.name);
            }
        }
    }
}
