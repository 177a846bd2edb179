//! One comment: whether it is meant for flusso, and what it says.

use crate::lints;
use flusso_lints::words::nearest;

/// The one verb of a comment.
const VERB: &str = "allow";

/// Verbs of other linters' comments that mean the same.
const OTHER_VERBS: [&str; 5] = ["accept", "disable", "expect", "ignore", "suppress"];

/// A comment that is meant for flusso.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comment<'a> {
    /// `# flusso: allow(lint) reason`.
    Allow {
        /// The name between the parentheses.
        lint: &'a str,
        /// What follows them; may be empty.
        reason: &'a str,
    },
    /// Anything else, with the lint that it names or comes near to.
    Malformed(Option<&'static str>),
}

/// Reads a comment, `#` included; none where it is prose.
pub(super) fn parse(comment: &str) -> Option<Comment<'_>> {
    let body = comment.trim_start_matches('#').trim();
    if let Some((lint, reason)) = allow(body) {
        return Some(Comment::Allow { lint, reason });
    }
    let (head, rest) = word(body);
    let has_colon = rest.starts_with(':');
    let (verb, rest) = word(rest.trim_start_matches([':', ' ']));
    let lint = named_lint(rest);
    let is_verb = nearest(verb, std::iter::once(VERB).chain(OTHER_VERBS)).is_some();
    let is_certain = head.eq_ignore_ascii_case("flusso") && has_colon;
    let is_meant = nearest(head, std::iter::once("flusso")).is_some() && is_verb && lint.is_some();
    (is_certain || is_meant).then_some(Comment::Malformed(lint))
}

fn allow(body: &str) -> Option<(&str, &str)> {
    let words = body.strip_prefix("flusso:")?.trim_start();
    let (lint, reason) = words.strip_prefix(VERB)?.strip_prefix('(')?.split_once(')')?;
    Some((lint.trim(), reason.trim()))
}

/// The letters at the beginning, and what follows them.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len()))
}

/// The lint that the first name of a text is or comes near to.
fn named_lint(text: &str) -> Option<&'static str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let name = text.split(|letter| !is_part(letter)).find(|part| !part.is_empty())?;
    nearest(&name.replace('_', "-"), lints::ALL.iter().map(|lint| lint.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_for_flusso_is_told_from_prose() {
        let allow = |lint, reason| Some(Comment::Allow { lint, reason });
        let lossy = Some(Comment::Malformed(Some("lossy-kind")));
        for (comment, expected) in [
            ("# flusso: allow(lossy-kind) known", allow("lossy-kind", "known")),
            ("#flusso:allow( lossy-kind )", allow("lossy-kind", "")),
            ("## flusso: allow(x) y", allow("x", "y")),
            ("# flusso: allwo(lossy-kind) known", lossy),
            ("# flusso: allow lossy-kind known", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# flusso allow(lossy_kind) known", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# Flusso: allow(lossy-kind) known", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# fluso: allow(lossy-knd) known", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# flusso: ignore[lossy-kind]", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# flusso: allow(lossy-kind known", Some(Comment::Malformed(Some("lossy-kind")))),
            ("# flusso: allow", Some(Comment::Malformed(None))),
            ("# flusso:", Some(Comment::Malformed(None))),
            ("# flusso keeps this index in step with Postgres", None),
            ("# flusso allows only one table here", None),
            ("# allow(lossy-kind) is not needed", None),
            ("# see https://example.org/flusso: the guide", None),
            ("#", None),
        ] {
            assert_eq!(parse(comment), expected, "{comment}");
        }
    }
}
