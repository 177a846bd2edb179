//! Levels as the project sets them, and comments that accept one finding: `# flusso: allow(lint) reason`.

mod comment;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use flusso_schemas::lock::{Acceptance, LintLevel};
use serde_json::{Value as Json, json};

use crate::diagnostic::{Diagnostic, Level, Place};
use crate::lints;
use crate::mask::holds_credential;
use crate::parse::ParsedProject;
use crate::syntax::keys::At;
use crate::syntax::project::LintSetting;
use crate::syntax::tree::{Content, Mapping};
use comment::Comment;
use flusso_lints::words::nearest;
use flusso_lints::{
    Needs, literal_secret, malformed_suppression, suppression_without_reason, unknown_lint,
    unused_suppression,
};

/// A comment that accepts findings.
struct Suppression {
    lint: String,
    place: Place,
    reason: String,
    /// Its own line; where nothing else is on that, to the end of the key or item below it.
    covers: Range<usize>,
    used: bool,
}

/// What a project decided about lints, as its lock records it.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    /// Levels that differ from the lint's own.
    pub(crate) levels: BTreeMap<String, LintLevel>,
    /// Accepted findings by lint and what they are about: the index whose file has the comment, and the reason.
    accepted: BTreeMap<(Option<String>, String, String), String>,
}

impl Decisions {
    /// What comments in the project file accept.
    pub(crate) fn of_project(&self) -> impl Iterator<Item = Acceptance> {
        self.of(None)
    }

    /// What comments in the file of an index accept.
    pub(crate) fn of_index(&self, name: &str) -> impl Iterator<Item = Acceptance> {
        self.of(Some(name))
    }

    fn of(&self, index: Option<&str>) -> impl Iterator<Item = Acceptance> {
        self.accepted.iter().filter(move |((each, ..), _)| each.as_deref() == index).map(
            |((_, lint, about), reason)| Acceptance {
                lint: lint.clone(),
                about: about.clone(),
                reason: reason.clone(),
            },
        )
    }
}

/// Which facts were checked before levels and comments were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckScope {
    /// The files alone: findings that need the catalog were not looked for.
    Files,
    /// The source's catalog too, and it answered everything.
    Catalog,
}

/// Applies the project's levels and the comments of every file.
pub(crate) fn apply(
    diagnostics: &mut Vec<Diagnostic>,
    parsed: &ParsedProject,
    scope: CheckScope,
) -> Decisions {
    let none = BTreeMap::new();
    let settings = parsed.project.as_ref().map_or(&none, |project| &project.lints);
    let mut decisions = Decisions { levels: changed(settings), accepted: BTreeMap::new() };
    set_levels(diagnostics, &decisions.levels);
    let mut found: Vec<Diagnostic> =
        settings.iter().filter_map(|(name, setting)| judge(name, &setting.place)).collect();
    let mut suppressions = Vec::new();
    for place in &parsed.comments {
        match read_comment(place, &parsed.files[place.file].text) {
            // The reason would end up in the lock.
            Some(Comment::Allow { reason, .. }) if holds_credential(reason) => {
                found.push(literal_secret::credential_in_text("reason", place.clone()));
            }
            Some(Comment::Allow { .. }) => suppressions.extend(suppression(
                place,
                &parsed.files[place.file].text,
                parsed.nodes.get(&place.file).map_or(&[], Vec::as_slice),
            )),
            Some(Comment::Malformed(lint)) => {
                let lint = lint.filter(|name| lints::find(name).is_some_and(|lint| lint.adjustable));
                found.push(malformed_suppression::finding(lint, place.clone()));
            }
            None => {}
        }
    }
    let unfinished = unfinished(diagnostics);
    diagnostics.retain(|diagnostic| {
        let reason = accepted(diagnostic, &mut suppressions);
        if let Some(reason) = &reason {
            let index = parsed.indexes.iter().find(|index| index.file == diagnostic.primary.0.file);
            let index = index.and_then(|index| Some(index.name.as_ref()?.value.clone()));
            let about = diagnostic.about.clone().unwrap_or_else(|| match &index {
                Some(name) => format!("index:{name}"),
                None => "server".to_owned(),
            });
            let key = (index, diagnostic.lint.to_string(), about);
            decisions.accepted.entry(key).or_insert_with(|| reason.clone());
        }
        reason.is_none()
    });
    let judged = suppressions.iter().filter_map(|each| {
        let is_unfinished = unfinished.contains(&0) || unfinished.contains(&each.place.file);
        judge_suppression(each, scope, is_unfinished)
    });
    found.extend(judged);
    set_levels(&mut found, &decisions.levels);
    diagnostics.append(&mut found);
    diagnostics.retain(|diagnostic| diagnostic.level != Level::Allow);
    decisions
}

/// Files with an error, so that a part of each was not examined.
fn unfinished(diagnostics: &[Diagnostic]) -> BTreeSet<usize> {
    diagnostics.iter().filter(|each| each.is_deny()).map(|each| each.primary.0.file).collect()
}

fn set_levels(diagnostics: &mut [Diagnostic], levels: &BTreeMap<String, LintLevel>) {
    for diagnostic in diagnostics {
        if let Some(setting) = levels.get(diagnostic.lint.name) {
            diagnostic.level = setting.level;
        }
    }
}

/// The levels that differ from what the lint has itself.
fn changed(settings: &BTreeMap<String, At<LintSetting>>) -> BTreeMap<String, LintLevel> {
    let changed = settings.iter().filter_map(|(name, setting)| {
        let LintSetting { level, reason } = setting.value.clone();
        let lint = lints::find(name).filter(|lint| lint.adjustable && lint.level != level)?;
        Some((lint.name.to_owned(), LintLevel { level, reason }))
    });
    changed.collect()
}

/// The comments of a file that accept findings, as `inputs` covers them: key path, lint and reason of each.
pub(crate) fn accepting(root: &Mapping, comments: &[Place], text: &str) -> Vec<Json> {
    let with_reason = comments
        .iter()
        .filter_map(|comment| suppression(comment, text, &[]))
        .filter(|each| !each.reason.is_empty());
    let item = |each: Suppression| json!([key_path(root, &each.covers), each.lint, each.reason]);
    with_reason.map(item).collect()
}

/// The keys that lead to what a comment covers.
fn key_path(root: &Mapping, covers: &Range<usize>) -> Vec<String> {
    for entry in &root.entries {
        if covers.contains(&entry.key_span.start) {
            return vec![entry.key.clone()];
        }
        let inner = match &entry.value.content {
            Content::Map(mapping) => key_path(mapping, covers),
            Content::List(items) => {
                let mappings = items.iter().filter_map(|item| match &item.content {
                    Content::Map(mapping) => Some(mapping),
                    _ => None,
                });
                mappings
                    .map(|mapping| key_path(mapping, covers))
                    .find(|path| !path.is_empty())
                    .unwrap_or_default()
            }
            Content::Scalar { .. } => Vec::new(),
        };
        if !inner.is_empty() {
            return [vec![entry.key.clone()], inner].concat();
        }
    }
    Vec::new()
}

/// A name that no lint has, or one whose level is not a matter of taste.
fn judge(name: &str, place: &Place) -> Option<Diagnostic> {
    let lint = lints::find(name);
    if lint.is_some_and(|lint| lint.adjustable) {
        return None;
    }
    if lint.is_some() {
        return Some(unknown_lint::fixed_level(name, place.clone()));
    }
    let near = nearest(name, lints::ALL.iter().map(|lint| lint.name));
    Some(unknown_lint::finding(name, near, place.clone()))
}

fn read_comment<'a>(place: &Place, text: &'a str) -> Option<Comment<'a>> {
    comment::parse(text.get(place.start..place.end)?)
}

/// What a comment accepts; `nodes` are the spans of the file's keys and items.
fn suppression(place: &Place, text: &str, nodes: &[Range<usize>]) -> Option<Suppression> {
    let Some(Comment::Allow { lint, reason }) = read_comment(place, text) else { return None };
    let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let is_alone = text[start..place.start].trim().is_empty();
    let end = line_end(text, place.end);
    let end = if is_alone { end_of_next(text, end, nodes) } else { end };
    Some(Suppression {
        lint: lint.to_owned(),
        place: place.clone(),
        reason: reason.to_owned(),
        covers: start..end,
        used: false,
    })
}

/// The byte behind the line that holds this one.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length + 1)
}

/// The end of the key or item that begins on the first line from here with more than a comment; of the line if
/// nothing begins there.
fn end_of_next(text: &str, mut start: usize, nodes: &[Range<usize>]) -> usize {
    let is_between = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    while start < text.len() && is_between(&text[start..line_end(text, start)]) {
        start = line_end(text, start);
    }
    let end = line_end(text, start);
    let begin_there = nodes.iter().filter(|node| (start..end).contains(&node.start));
    begin_there.map(|node| node.end).fold(end, usize::max)
}

/// Spans of every key with its value, and of every item of a list.
pub(crate) fn nodes(root: &Mapping) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    nodes_of(root, &mut found);
    found
}

fn nodes_of(mapping: &Mapping, found: &mut Vec<Range<usize>>) {
    for entry in &mapping.entries {
        found.push(entry.key_span.start..entry.value.span.end);
        match &entry.value.content {
            Content::Map(inner) => nodes_of(inner, found),
            Content::List(items) => {
                for item in items {
                    found.push(item.span.clone());
                    if let Content::Map(inner) = &item.content {
                        nodes_of(inner, found);
                    }
                }
            }
            Content::Scalar { .. } => {}
        }
    }
}

/// Why a comment accepts a finding, where one does.
fn accepted(diagnostic: &Diagnostic, suppressions: &mut [Suppression]) -> Option<String> {
    if !diagnostic.lint.adjustable {
        return None;
    }
    let place = &diagnostic.primary.0;
    let fitting = suppressions.iter_mut().find(|each| {
        diagnostic.lint.name == each.lint
            && each.place.file == place.file
            && each.covers.contains(&place.start)
    })?;
    fitting.used = true;
    (!fitting.reason.is_empty()).then(|| fitting.reason.clone())
}

fn judge_suppression(
    suppression: &Suppression,
    scope: CheckScope,
    is_unfinished: bool,
) -> Option<Diagnostic> {
    let place = suppression.place.clone();
    if let Some(mut diagnostic) = judge(&suppression.lint, &place) {
        diagnostic.fix = None;
        return Some(diagnostic);
    }
    if suppression.lint == unused_suppression::LINT.name {
        return Some(unused_suppression::of_itself(place));
    }
    if suppression.reason.is_empty() {
        return Some(suppression_without_reason::finding(&suppression.lint, place));
    }
    if suppression.used {
        return None;
    }
    let needs = lints::find(&suppression.lint)?.needs;
    match needs {
        Needs::Target | Needs::State => Some(unused_suppression::of_index_server(&suppression.lint, place)),
        // The findings that it would accept may not have been looked for.
        _ if is_unfinished || (needs == Needs::Catalog && scope == CheckScope::Files) => None,
        _ => Some(unused_suppression::finding(&suppression.lint, place)),
    }
}
