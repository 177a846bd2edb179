//! Where a text has a credential written out: the password of a URL, or a value assigned to a name such as `password`.
//! The one rule of every finding about a text; what is shown of a file hides at least as much.

use std::ops::Range;

use super::CREDENTIAL_WORDS;
use super::line::user_info;

/// Those of [`CREDENTIAL_WORDS`] that prose and queries use for other things: only a long value with letters and digits
/// counts.
const PROSE_WORDS: [&str; 4] = ["auth", "credential", "secret", "token"];
/// Shortest credential. Texts such as `a:b@c` have the form of one.
const LETTERS_MIN: usize = 3;
/// Shortest value of a word that prose uses: longer than `RFC7519` and `OAuth2`.
const PROSE_LETTERS_MIN: usize = 8;
/// Placeholders that files have instead of a credential.
const PLACEHOLDERS: [&str; 20] = [
    "apikey",
    "api_key",
    "credential",
    "empty",
    "false",
    "hidden",
    "none",
    "null",
    "optional",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "redacted",
    "required",
    "secret",
    "token",
    "true",
    "your_password",
];
/// Characters of a regular expression or of `LIKE`. A `%` that begins an escape such as `%40` is not one.
const PATTERN: [char; 6] = ['[', ']', '^', '*', '\\', '%'];

/// Every credential that a text has written out.
pub(super) fn written(text: &str) -> Vec<Range<usize>> {
    let mut found = in_urls(text);
    found.extend(assigned(text));
    found
}

/// Passwords between `://` and `@`.
fn in_urls(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let rest = &text[at + 3..];
        let ends = |letter: char| letter.is_whitespace() || "'\"`".contains(letter);
        let end = rest.find(ends).into_iter().chain(rest.find("://")).min().unwrap_or(rest.len());
        let url = &text[at..at + 3 + end];
        let Some(user_info) = user_info(url) else { continue };
        let password = password(&url[user_info.clone()]).map(|from| user_info.start + from..user_info.end);
        found.extend(password.map(|range| at + range.start..at + range.end));
    }
    found
}

/// Where the written password of `user:password` begins.
fn password(user_info: &str) -> Option<usize> {
    let colon = outside_references(user_info, ':')?;
    let (user, password) = (&user_info[..colon], &user_info[colon + 1..]);
    // What looks like a user is a host with a path behind it: `medium.com/@team`, `example.org:8443/@team`.
    let is_host = user.contains(['/', '?', '#'])
        || has_port(password) && (user.contains('.') || user == "localhost" || password.ends_with('/'));
    (!is_host && is_written(password)).then_some(colon + 1)
}

/// Whether a text begins as the port and path behind a host do.
fn has_port(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (2..=5).contains(&digits) && text[digits..].starts_with('/')
}

/// Values behind `password=`, `?api_key=`, `password: ` and the like, the name matched as a whole word.
fn assigned(text: &str) -> Vec<Range<usize>> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_part).map(|start| at + start) {
        let end = text[start..].find(|letter| !is_part(letter)).map_or(text.len(), |length| start + length);
        found.extend(word(&text[start..end]).and_then(|word| value(text, end, word)));
        at = end;
    }
    found
}

/// The word for a credential that a name is or ends with: `password`, `db_password`, `X-Api-Key`.
fn word(name: &str) -> Option<&'static str> {
    let folded = name.to_ascii_lowercase().replace('-', "_");
    let is_named = |word: &&&str| {
        folded
            .strip_suffix(**word)
            .is_some_and(|front| front.is_empty() || front.ends_with('_') || front == "pg")
    };
    CREDENTIAL_WORDS.iter().find(is_named).copied()
}

/// The credential that follows a name, whose word and end are given.
fn value(text: &str, end: usize, word: &str) -> Option<Range<usize>> {
    let rest = text[end..].strip_prefix(['"', '\'']).unwrap_or(&text[end..]);
    let sign = rest.trim_start();
    let value = sign.strip_prefix(['=', ':'])?;
    if value.starts_with(['=', '>', ':', '/']) {
        return None;
    }
    let is_tight =
        sign.len() == rest.len() && sign.starts_with('=') && !value.starts_with(char::is_whitespace);
    let value = value.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let from = text.len() - value.len();
    let ends = |letter: char| letter.is_whitespace() || "'\"`&;,)".contains(letter);
    let value = &value[..value.find(ends).unwrap_or(value.len())];
    let value = value.trim_end_matches(['.', '!', '?']);
    // Prose assigns too: `password: only its hash`, `auth = handled elsewhere`.
    let has_digit = value.contains(|letter: char| letter.is_ascii_digit());
    let is_no_word = has_digit && value.contains(char::is_alphabetic);
    let counts = match PROSE_WORDS.contains(&word) {
        true => is_no_word && value.chars().count() >= PROSE_LETTERS_MIN,
        false => is_tight || is_no_word,
    };
    (counts && is_written(value)).then(|| from..from + value.len())
}

/// Whether a value is a credential itself, not a reference, a placeholder or a pattern.
fn is_written(value: &str) -> bool {
    let literal = resolved(value);
    let is_enclosed = |open, close| literal.starts_with(open) && literal.ends_with(close);
    let is_variable = literal.strip_prefix('$').is_some_and(|name| {
        name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    literal.chars().count() >= LETTERS_MIN
        && literal.contains(char::is_alphanumeric)
        && !literal.starts_with(':')
        && !is_variable
        && !is_enclosed('<', '>')
        && !is_enclosed('{', '}')
        && !is_pattern(&literal)
        && !is_placeholder(&literal)
}

fn is_pattern(text: &str) -> bool {
    let is_escape = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.match_indices(PATTERN).any(|(at, sign)| sign != "%" || !is_escape(at))
}

fn is_placeholder(text: &str) -> bool {
    let folded = text.to_lowercase();
    let mut letters = folded.chars();
    let first = letters.next();
    PLACEHOLDERS.contains(&folded.as_str()) || letters.all(|letter| Some(letter) == first)
}

/// A value without its references; of one with a default the default is left.
fn resolved(value: &str) -> String {
    replace_references(value, |reference| reference.split_once(":-").map_or("", |(_, default)| default))
}

/// A text with something in place of each `${…}`, whose inside is given.
pub(crate) fn replace_references<'a>(text: &'a str, with: impl Fn(&'a str) -> &'a str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (reference, next) = after.split_once('}').unwrap_or((after, ""));
        replaced.push_str(before);
        replaced.push_str(with(reference));
        rest = next;
    }
    replaced + rest
}

/// The first position of a character outside every `${…}`.
pub(crate) fn outside_references(text: &str, wanted: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' if text[..at].ends_with('$') => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            character if character == wanted && depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_credential_is_found_and_nothing_else() {
        for (text, expected) in [
            ("https://u:hunter2@h/x", "hunter2"),
            ("f('https://u:a/hunter2@h')", "a/hunter2"),
            ("https://u:a?hunter2@h", "a?hunter2"),
            ("https://u:a#hunter2@h", "a#hunter2"),
            ("https://u:a@hunter2@h", "a@hunter2"),
            ("https://u:1/hunter2@wiki", "1/hunter2"),
            ("https://${USER}:p%40ss@h", "p%40ss"),
            ("https://u:${PW:-hunter6}@h", "${PW:-hunter6}"),
            ("http://a http://u:hunter2@h", "hunter2"),
            ("host=h password=hunter4 dbname=x", "hunter4"),
            ("host = h password = hunter4", "hunter4"),
            ("password: hunter2 until March", "hunter2"),
            ("{\"password\": \"hunter2\"}", "hunter2"),
            ("'host=h password=''hunter4'''", "hunter4"),
            ("PGPASSWORD=correcthorse psql", "correcthorse"),
            ("db-password=correcthorse", "correcthorse"),
            ("https://h/x?a=1&api_key=xyz&b=2", "xyz"),
            ("X-Api-Key: 12ab34", "12ab34"),
            ("access_token=12ab34cd56", "12ab34cd56"),
        ] {
            let found: Vec<&str> = written(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, [expected], "{text}");
        }
    }

    #[test]
    fn patterns_placeholders_references_and_prose_are_not_credentials() {
        for text in [
            "regexp_replace(url, '://[^:]*:[^@]*@', '://***@')",
            "http://%:%@%",
            "://[^:]+:[^@]+@",
            "://\\w+:\\w+@",
            "http://a:b@c => x",
            "https://user:password@host/path",
            "https://USER:PASS@host",
            "https://***:***@host",
            "https://user:<password>@host",
            "https://u:${PW}@h",
            "https://u@h",
            "see https://medium.com/@team/post",
            "see https://example.org:8443/@team",
            "see http://localhost:8080/a/@b",
            "see http://wiki:80/@team",
            "http://search:9200 belongs to bob@example.org",
            "auth = handled elsewhere",
            "author = the first one",
            "password: only its hash",
            "token = other_token",
            "author=somebody1234",
            "password_hash=12ab34cd",
            "password=%",
            "password=$1",
            "password=${PW}",
            "password=([^&]+)",
            "auth=OAuth2",
            "token: RFC7519",
            "token, auth => credential",
            "password::text",
        ] {
            assert!(written(text).is_empty(), "{text}");
        }
    }
}
