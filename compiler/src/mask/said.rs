//! Messages about a file with credentials in it: what they quote is what the file shows.

use std::collections::BTreeSet;

use super::line::{KEYS, WORDS};
use crate::diagnostic::Diagnostic;

/// What is shown in the place of something that is not quoted.
const HIDDEN: &str = "…";
/// Words of our own help texts that are no key.
const OWN_WORDS: &[&str] = &[
    "DATABASE_URL",
    "OPENSEARCH_URL",
    "PASSWORD",
    "USERNAME",
    "USER",
    "URL",
    "NAME",
    "default",
    "path",
    "program",
    "argument",
    "http",
    "https",
    "postgresql",
    "x-",
    "version",
    "analysis",
    "settings",
    "gc_deletes",
    "shop",
    "x",
    "yml",
];

/// The words that a message about a project file may quote: those of the language and those that the masked
/// file still shows.
#[derive(Debug)]
pub(crate) struct Quotable {
    words: BTreeSet<String>,
}

impl Quotable {
    /// Words that a masked text shows.
    pub(crate) fn of(masked: &str) -> Self {
        let own = KEYS.iter().chain(WORDS).chain(OWN_WORDS).flat_map(|text| words(text));
        Self { words: own.chain(words(masked)).map(str::to_owned).collect() }
    }

    /// The diagnostic without anything it quotes that the file does not show.
    pub(crate) fn redact(&self, diagnostic: &mut Diagnostic) {
        let help = diagnostic.help.iter_mut();
        let related = diagnostic.related.iter_mut().map(|(_, text)| text);
        let texts = [&mut diagnostic.message, &mut diagnostic.primary.1].into_iter();
        for text in texts.chain(help).chain(related).chain(&mut diagnostic.notes) {
            *text = self.redacted(text);
        }
        let hides = |replacement: &str| !self.may_be_said(replacement);
        diagnostic.fix.take_if(|fix| hides(&fix.replacement));
    }

    /// Every text in backticks is replaced that holds another word.
    fn redacted(&self, text: &str) -> String {
        let parts = text.split('`').enumerate().map(|(number, part)| {
            let is_quoted = number % 2 == 1;
            if is_quoted && !self.may_be_said(part) { HIDDEN } else { part }
        });
        parts.collect::<Vec<_>>().join("`")
    }

    fn may_be_said(&self, text: &str) -> bool {
        words(text).all(|word| self.words.contains(word) || is_short_number(word))
    }
}

/// A number with a unit, as a help writes one: too short for a credential.
fn is_short_number(word: &str) -> bool {
    word.len() <= 5 && word.starts_with(|first: char| first.is_ascii_digit())
}

/// Runs of letters, digits and `_`; every other visible character that is not ASCII is a word's as well.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c == '_' || c.is_alphanumeric() || !c.is_ascii() && c != '…';
    text.split(move |c| !is_word(c))
        .filter(|word| word.chars().count() > 1 || !word.is_ascii())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;
    use flusso_lints::unknown_key;

    #[test]
    fn only_what_the_file_shows_is_quoted() {
        let masked = "source:\n  postgres:\n    pasword: *******\n";
        let quotable = Quotable::of(masked);
        let mut found = unknown_key::LINT
            .at(Place::new(0, 0..1), "`source.postgres` has no key `pasword`")
            .help("write `hunter2`, or `${DATABASE_URL}`")
            .fix(Place::new(0, 0..1), "hunter2");
        quotable.redact(&mut found);
        assert_eq!(found.message, "`source.postgres` has no key `pasword`");
        assert_eq!(found.help.as_deref(), Some("write `…`, or `${DATABASE_URL}`"));
        assert_eq!(found.fix, None);
    }
}
