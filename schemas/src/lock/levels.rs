//! What the project decided about lints: levels it changed, and single findings it accepts.
//!
//! They travel in the lock so that `apply` and `run` judge a live system as `check` did.

use std::collections::BTreeMap;

use super::Lock;
use super::block::{Entry, KeyDocs, block};
use super::codec::{Codec, Filled, LeftOutIfEmpty, Plain, Section, in_order};
use super::form::{Form, words};
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::problem::{Problem, Result};
use crate::report::{Finding, Level};

block! {
    /// The level that a project gave a lint.
    #[derive(Eq)]
    pub struct LintLevel: "a lint's level" {
        /// The level instead of the lint's own.
        pub level: Level,
        /// Why, where the project says it.
        pub reason: Option<String>,
    }
}

block! {
    /// One finding that a comment accepts: `# flusso: allow(lossy-kind) reason`.
    #[derive(Eq, PartialOrd, Ord)]
    pub struct Acceptance: "an item of `accepted`" {
        /// Name of the accepted lint.
        pub lint: String as LintName,
        /// What the finding is about: `table:shop.orders`, `column:shop.orders.id`, `index:orders`,
        /// `sink:search` or `server`.
        pub about: String as Filled,
        /// The reason that the comment gives.
        pub reason: String as Filled,
    }
}

words!(pub Level { Level::Allow = "allow", Level::Warn = "warn", Level::Deny = "deny" });

/// A lint's name: which lints there are is not known here.
pub(super) struct LintName;

impl Codec<String> for LintName {
    fn entries(name: &'static str, value: &String) -> Vec<Entry> {
        Plain::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<String> {
        let item = keys.required(name)?;
        lint_name(item.at, item.string()?)
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        <Plain as Codec<String>>::keys(name, docs)
    }
}

/// Checks that a name is one that a lint can have.
fn lint_name(at: usize, name: String) -> Result<String> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && name.bytes().all(is_part) {
        return Ok(name);
    }
    Err(Problem::new(at, format!("`{name}` is not the name of a lint: expected kebab-case")))
}

/// `[levels]`, a lint a line.
pub(super) struct LevelsSection;

impl Codec<BTreeMap<String, LintLevel>> for LevelsSection {
    fn entries(name: &'static str, value: &BTreeMap<String, LintLevel>) -> Vec<Entry> {
        Section::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<BTreeMap<String, LintLevel>> {
        let read = |item: Item<'_>| {
            Ok((lint_name(item.key_at, item.name.clone())?, <LintLevel as Form>::read(item)?))
        };
        keys.optional(name).map_or(Ok(BTreeMap::new()), |item| item.map(read))
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        <Section as Codec<BTreeMap<String, LintLevel>>>::keys(name, docs)
    }
}

/// Accepted findings, sorted; left out where there are none.
pub(super) struct Accepted;

impl Codec<Vec<Acceptance>> for Accepted {
    fn entries(name: &'static str, value: &Vec<Acceptance>) -> Vec<Entry> {
        LeftOutIfEmpty::<Plain>::entries(name, value)
    }

    fn read(keys: &mut Keys<'_>, name: &'static str) -> Result<Vec<Acceptance>> {
        let items = keys.optional(name).map_or(Ok(Vec::new()), Item::list)?;
        let read = |item: Item<'_>| Ok((item.at, <Acceptance as Form>::read(item)?));
        let accepted = items.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        in_order(accepted.iter().map(|(at, each)| (format!("{} of {}", each.lint, each.about), *at)))?;
        Ok(accepted.into_iter().map(|(_, each)| each).collect())
    }

    fn keys(name: &'static str, docs: &str) -> Vec<KeyDocs> {
        <LeftOutIfEmpty<Plain> as Codec<Vec<Acceptance>>>::keys(name, docs)
    }
}

impl Lock {
    /// A finding about a live system at the level that the project gave its lint; `None` if the project
    /// allows the lint or accepts this finding.
    pub fn judge(&self, finding: Finding) -> Option<Finding> {
        let level = self.levels.get(&finding.lint).map_or(finding.level, |changed| changed.level);
        let mut accepted = self.accepted.iter().chain(self.indexes.iter().flat_map(|index| &index.accepted));
        let is_accepted =
            accepted.any(|each| each.lint == finding.lint && Some(&each.about) == finding.about.as_ref());
        (level != Level::Allow && !is_accepted).then_some(Finding { level, ..finding })
    }
}
