//! Levels as the project sets them, and comments that accept one finding: `# flusso: allow(lint) reason`.

use std::collections::BTreeMap;
use std::ops::Range;

use flusso_schemas::lock::{Acceptance, LintLevel};
use serde_json::{Value as Json, json};

use crate::diagnostic::{Diagnostic, Level, Place};
use crate::lints;
use crate::read::Read;
use crate::syntax::keys::At;
use crate::syntax::project::LintSetting;
use crate::syntax::tree::{Content, Mapping};
use flusso_lints::words::nearest;
use flusso_lints::{suppression_without_reason, unknown_lint, unused_suppression};

/// A comment that accepts findings of its line and the next.
struct Suppression {
    lint: String,
    place: Place,
    reason: String,
    /// From the comment's line to the end of the next.
    covers: Range<usize>,
    used: bool,
}

/// What a project decided about lints, as its lock records it.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    /// Levels that differ from the lint's own.
    pub(crate) levels: BTreeMap<String, LintLevel>,
    /// Accepted findings by lint and what they are about: the index whose file holds the comment, and why.
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

/// Applies the project's levels and the comments of every file.
pub(crate) fn apply(diagnostics: &mut Vec<Diagnostic>, read: &Read) -> Decisions {
    let none = BTreeMap::new();
    let settings = read.project.as_ref().map_or(&none, |project| &project.lints);
    let mut decisions = Decisions { levels: changed(settings), accepted: BTreeMap::new() };
    set_levels(diagnostics, &decisions.levels);
    let mut found: Vec<Diagnostic> =
        settings.iter().filter_map(|(name, setting)| judge(name, &setting.place)).collect();
    let comments = read.comments.iter();
    let mut suppressions: Vec<Suppression> =
        comments.filter_map(|comment| suppression(comment, &read.files[comment.file].text)).collect();
    diagnostics.retain(|diagnostic| {
        let reason = accepted(diagnostic, &mut suppressions);
        if let Some(reason) = &reason {
            let index = read.indexes.iter().find(|index| index.file == diagnostic.primary.0.file);
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
    found.extend(suppressions.iter().filter_map(judge_suppression));
    set_levels(&mut found, &decisions.levels);
    diagnostics.append(&mut found);
    diagnostics.retain(|diagnostic| diagnostic.level != Level::Allow);
    decisions
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
        .filter_map(|comment| suppression(comment, text))
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

fn suppression(comment: &Place, text: &str) -> Option<Suppression> {
    let words =
        text.get(comment.start..comment.end)?.strip_prefix('#')?.trim_start().strip_prefix("flusso:")?;
    let (lint, reason) = words.trim_start().strip_prefix("allow(")?.split_once(')')?;
    let line_start = text[..comment.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[comment.end..].find('\n').map_or(text.len(), |at| comment.end + at + 1);
    let is_alone = text[line_start..comment.start].trim().is_empty();
    let next_end = text[line_end..].find('\n').map_or(text.len(), |at| line_end + at);
    Some(Suppression {
        lint: lint.trim().to_owned(),
        place: comment.clone(),
        reason: reason.trim().to_owned(),
        covers: line_start..if is_alone { next_end } else { line_end },
        used: false,
    })
}

/// Why a comment accepts a finding, where one does.
fn accepted(diagnostic: &Diagnostic, suppressions: &mut [Suppression]) -> Option<String> {
    if !diagnostic.lint.adjustable {
        return None;
    }
    let place = &diagnostic.primary.0;
    let fitting = suppressions.iter_mut().find(|each| {
        diagnostic.lint == *each.lint && each.place.file == place.file && each.covers.contains(&place.start)
    })?;
    fitting.used = true;
    (!fitting.reason.is_empty()).then(|| fitting.reason.clone())
}

fn judge_suppression(suppression: &Suppression) -> Option<Diagnostic> {
    let place = suppression.place.clone();
    if let Some(diagnostic) = judge(&suppression.lint, &place) {
        return Some(Diagnostic { fix: None, ..diagnostic });
    }
    if suppression.reason.is_empty() {
        return Some(suppression_without_reason::finding(&suppression.lint, place));
    }
    if !suppression.used {
        return Some(unused_suppression::finding(&suppression.lint, place));
    }
    None
}
