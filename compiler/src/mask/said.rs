//! Messages about a file with credentials in it: what they quote is what the file shows.

use std::collections::BTreeSet;

use flusso_lints::words::nearest;

use super::line::{KEYS, WORDS, is_credential, is_identifier};
use super::{hidden_texts, project_text};
use crate::diagnostic::Diagnostic;
use crate::syntax::keys::KnownKeys;
use crate::syntax::tree::{Content, Mapping, Node};

/// What is shown in the place of something that is not quoted.
const HIDDEN: &str = "…";
/// Shortest hidden word that is looked for inside of longer ones.
const HIDDEN_WORD_MIN: usize = 4;
/// How deep the keys of `sinks.search.opensearch.bulk` are.
const OPEN_DEPTH: usize = 4;
/// Words of our own help texts that are not keys.
const OWN_WORDS: &[&str] = &[
    "DATABASE_URL",
    "deny",
    "warn",
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

/// The words that a message about a project file may quote: those of the language, those that the masked file still
/// shows, and those that do not come from the file at all.
#[derive(Debug)]
pub(crate) struct Quotable {
    words: BTreeSet<String>,
    /// Everything that the file hides; none where the file is malformed, so that it is not known what its parts are.
    hidden: Option<Hidden>,
}

/// What a file hides, as it is written and as YAML reads it, in lower case.
#[derive(Debug)]
struct Hidden {
    text: String,
    words: BTreeSet<String>,
}

impl Quotable {
    /// Words of a file that may be malformed: only those that the masked text shows.
    pub(crate) fn of(text: &str) -> Self {
        let own = KEYS.iter().chain(WORDS).chain(OWN_WORDS).flat_map(|text| words(text));
        Self { words: own.chain(words(&project_text(text))).map(str::to_owned).collect(), hidden: None }
    }

    /// Words of a file that could be read as a whole, by this tree.
    pub(crate) fn of_whole(text: &str, root: &Mapping, known_keys: &KnownKeys) -> Self {
        let mut quotable = Self::of(text);
        let known = known_keys.values().flatten().map(|key| (*key).to_owned());
        quotable.words.extend(known);
        open_keys(root, 0, &mut quotable.words);
        let mut hidden: Vec<String> = hidden_texts(text).map(str::to_lowercase).collect();
        scalars(root, &mut |text| {
            if !quotable.is_shown(text) {
                hidden.push(text.to_lowercase());
            }
        });
        let text = hidden.join("\n");
        let is_long = |word: &&str| word.len() >= HIDDEN_WORD_MIN && !quotable.words.contains(*word);
        let words = words(&text).filter(is_long).map(str::to_owned).collect();
        quotable.hidden = Some(Hidden { text, words });
        quotable
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
        words(text)
            .all(|word| self.is_own(word) || self.hidden.as_ref().is_some_and(|hidden| !hidden.has(word)))
    }

    fn is_shown(&self, text: &str) -> bool {
        words(text).all(|word| self.is_own(word))
    }

    fn is_own(&self, word: &str) -> bool {
        self.words.contains(word) || is_short_number(word)
    }
}

impl Hidden {
    /// Whether a word may be a part of what is hidden, or hold a part of it.
    fn has(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        self.text.contains(&word) || self.words.iter().any(|hidden| word.contains(hidden.as_str()))
    }
}

/// Keys of the mappings down to a sink's own that cannot be a piece of a credential: a comma in an unquoted password
/// makes what follows look like a key, but neither one with a mapping of its own nor one that is nearly ours.
fn open_keys(mapping: &Mapping, depth: usize, found: &mut BTreeSet<String>) {
    for entry in &mapping.entries {
        let inner = match &entry.value.content {
            Content::Map(inner) => Some(inner),
            _ => None,
        };
        let is_near = || nearest(&entry.key, KEYS.iter().copied()).is_some();
        if is_identifier(&entry.key) && (inner.is_some() || is_near()) {
            found.extend(words(&entry.key).map(str::to_owned));
        }
        // Below a credential there is nothing that may be shown.
        if let Some(inner) = inner.filter(|_| depth < OPEN_DEPTH && !is_credential(&entry.key)) {
            open_keys(inner, depth + 1, found);
        }
    }
}

/// Every key and scalar of a mapping, escapes undone.
fn scalars(mapping: &Mapping, each: &mut impl FnMut(&str)) {
    for entry in &mapping.entries {
        each(&entry.key);
        scalars_of(&entry.value, each);
    }
}

fn scalars_of(node: &Node, each: &mut impl FnMut(&str)) {
    match &node.content {
        Content::Scalar { text, .. } => each(text),
        Content::List(items) => items.iter().for_each(|item| scalars_of(item, each)),
        Content::Map(mapping) => scalars(mapping, each),
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
        let masked = "source:\n  postgres:\n    pasword: hunter2\n";
        let quotable = Quotable::of(masked);
        let place = || Place::new(0, 0..1);
        let mut found = unknown_key::finding("pasword", "`source.postgres`", &["password"], place())
            .help("write `hunter2`, or `${DATABASE_URL}`")
            .fix(place(), "hunter2");
        let said = found.message.clone();
        quotable.redact(&mut found);
        assert_eq!(found.message, said);
        assert_eq!(found.help.as_deref(), Some("write `…`, or `${DATABASE_URL}`"));
        assert_eq!(found.fix, None);
    }
}
