//! One comment: whether it is meant for flusso, and what it says.

use crate::lints;
use flusso_lints::words::nearest;

/// The one verb of a comment.
const VERB: &str = "allow";

/// A verb that is so near that nothing else is meant by it behind `flusso:`.
const SAME_VERB: &str = "accept";

/// Verbs of other linters' comments that mean the same, and that prose uses too.
const OTHER_VERBS: [&str; 4] = ["disable", "expect", "ignore", "suppress"];

/// What quotes a comment that prose speaks of.
const QUOTES: [char; 3] = ['`', '"', '\''];

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
    meant(body).map(Comment::Malformed)
}

/// The lint that a misspelt comment names; none where the comment is prose.
fn meant(body: &str) -> Option<Option<&'static str>> {
    let is_head = |(at, head): &(usize, &str)| {
        nearest(head, std::iter::once("flusso")).is_some() && !body[..*at].ends_with(QUOTES)
    };
    words(body).filter(is_head).find_map(|(at, head)| behind_head(&body[at + head.len()..], at == 0))
}

/// Judges what follows the word `flusso`: `-lint`, a colon, a verb and a lint; any of them may be missing.
fn behind_head(rest: &str, is_first: bool) -> Option<Option<&'static str>> {
    let rest = ["-lint", "_lint", " lint"].iter().find_map(|tail| rest.strip_prefix(tail)).unwrap_or(rest);
    let has_colon = rest.starts_with(':');
    let rest = rest.trim_start_matches([':', ' ']);
    let (verb, object) = word(rest);
    let lint = named_lint(object);
    let is_verb = nearest(verb, [VERB, SAME_VERB].into_iter().chain(OTHER_VERBS)).is_some();
    let is_certain = [VERB, SAME_VERB].iter().any(|known| verb.eq_ignore_ascii_case(known));
    let has_object = lint.is_some() || object.starts_with(['(', '[']) || object.trim().is_empty();
    if is_verb && lint.is_some() && (is_first || has_colon)
        || is_first && has_colon && (is_certain || is_verb && has_object)
    {
        return Some(lint);
    }
    // No verb: the name alone. One without a hyphen may be a word of a sentence.
    let name = names(rest).next().filter(|name| is_first && has_colon && name.contains(['-', '_']))?;
    near_lint(name).map(Some)
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

/// Every run of letters with its place.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_end = |letter: char| !letter.is_alphabetic();
    let mut at = 0;
    text.split_inclusive(is_end).map(move |piece| {
        let start = at;
        at += piece.len();
        (start, piece.trim_end_matches(is_end))
    })
}

/// The lint that the first name of a text is or comes near to, or that is named later on.
fn named_lint(text: &str) -> Option<&'static str> {
    let later = || names(text).filter(|name| name.contains('-')).find_map(lints::find);
    names(text).next().and_then(near_lint).or_else(|| later().map(|lint| lint.name))
}

fn near_lint(name: &str) -> Option<&'static str> {
    nearest(&name.replace('_', "-"), lints::ALL.iter().map(|lint| lint.name))
}

/// Runs of what a lint's name may hold.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    text.split(move |letter| !is_part(letter)).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_for_flusso_is_told_from_prose() {
        let allow = |lint, reason| Some(Comment::Allow { lint, reason });
        let lossy = || Some(Comment::Malformed(Some("lossy-kind")));
        for (comment, expected) in [
            ("# flusso: allow(lossy-kind) known", allow("lossy-kind", "known")),
            ("#flusso:allow( lossy-kind )", allow("lossy-kind", "")),
            ("## flusso: allow(x) y", allow("x", "y")),
            ("# flusso: allwo(lossy-kind) known", lossy()),
            ("# flusso: allow lossy-kind known", lossy()),
            ("# flusso allow(lossy_kind) known", lossy()),
            ("# Flusso: allow(lossy-kind) known", lossy()),
            ("# fluso: allow(lossy-knd) known", lossy()),
            ("# flusso: ignore[lossy-kind]", lossy()),
            ("# flusso: allow(lossy-kind known", lossy()),
            ("# flusso: allow", Some(Comment::Malformed(None))),
            ("# flusso: accept this", Some(Comment::Malformed(None))),
            ("# flusso: lossy-kind", lossy()),
            ("# flusso: disable next-line lossy-kind", lossy()),
            ("# TODO flusso: allow(lossy-kind) x", lossy()),
            ("# flusso-lint: allow lossy-kind", lossy()),
            ("# flusso-lint: allow", Some(Comment::Malformed(None))),
            ("# flusso:", None),
            ("# flusso: the search project of the shop", None),
            ("# Flusso: see docs/search.md", None),
            ("# flusso: this index is owned by the search team", None),
            ("# flusso: expects a primary key", None),
            ("# flusso: skipped rows are logged", None),
            ("# here flusso ignores the lossy-kind finding", None),
            ("# write `flusso: allow(lossy-kind) reason` to accept it", None),
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
