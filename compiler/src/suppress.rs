//! Levels as the project sets them, and comments that accept one finding: `# flusso: allow(lint) reason`.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Level, Place, SourceFile};
use crate::lints;
use crate::syntax::habits;
use crate::syntax::keys::At;
use crate::syntax::project::LintSetting;

/// A comment that accepts findings of its line and the next.
struct Suppression {
    lint: String,
    place: Place,
    has_reason: bool,
    /// From the comment's line to the end of the next.
    covers: Range<usize>,
    used: bool,
}

/// Applies the project's levels and the comments of every file.
pub(crate) fn apply(
    diagnostics: &mut Vec<Diagnostic>,
    settings: &BTreeMap<String, At<LintSetting>>,
    files: &[SourceFile],
    comments: &[Place],
) {
    for diagnostic in diagnostics.iter_mut() {
        if let Some(setting) = settings.get(diagnostic.lint).filter(|_| lints::is_adjustable(diagnostic.lint))
        {
            diagnostic.level = setting.value.level;
        }
    }
    let mut found: Vec<Diagnostic> =
        settings.iter().filter_map(|(name, setting)| judge(name, &setting.place)).collect();
    let mut suppressions: Vec<Suppression> =
        comments.iter().filter_map(|comment| suppression(comment, &files[comment.file].text)).collect();
    diagnostics.retain(|diagnostic| !is_suppressed(diagnostic, &mut suppressions));
    found.extend(suppressions.iter().filter_map(judge_suppression));
    diagnostics.append(&mut found);
    diagnostics.retain(|diagnostic| diagnostic.level != Level::Allow);
}

/// A name that no lint has, or one whose level is not a matter of taste.
fn judge(name: &str, place: &Place) -> Option<Diagnostic> {
    if lints::is_adjustable(name) {
        return None;
    }
    if lints::find(name).is_some() {
        let message = format!("`{name}` has no level: with it nothing could be compiled");
        return Some(
            Diagnostic::deny("unknown-lint", place.clone(), message)
                .help("leave it out and settle the finding"),
        );
    }
    let diagnostic = Diagnostic::deny("unknown-lint", place.clone(), format!("there is no lint `{name}`"));
    Some(match habits::nearest(name, lints::ALL.iter().map(|lint| lint.name)) {
        Some(near) => diagnostic.help(format!("write `{near}`")).fix(place.clone(), near),
        None => diagnostic.help("leave it out"),
    })
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
        has_reason: !reason.trim().is_empty(),
        covers: line_start..if is_alone { next_end } else { line_end },
        used: false,
    })
}

fn is_suppressed(diagnostic: &Diagnostic, suppressions: &mut [Suppression]) -> bool {
    if !lints::is_adjustable(diagnostic.lint) {
        return false;
    }
    let place = &diagnostic.primary.0;
    let fitting = suppressions.iter_mut().find(|each| {
        each.lint == diagnostic.lint && each.place.file == place.file && each.covers.contains(&place.start)
    });
    fitting.is_some_and(|each| {
        each.used = true;
        each.has_reason
    })
}

fn judge_suppression(suppression: &Suppression) -> Option<Diagnostic> {
    let place = suppression.place.clone();
    if let Some(diagnostic) = judge(&suppression.lint, &place) {
        return Some(Diagnostic { fix: None, ..diagnostic });
    }
    if !suppression.has_reason {
        let message = format!("nobody will know why `{}` is accepted here", suppression.lint);
        return Some(
            Diagnostic::deny("suppression-without-reason", place, message)
                .help("write the reason after the parenthesis"),
        );
    }
    if !suppression.used {
        let message = format!("`{}` is accepted here, and it is not found here", suppression.lint);
        return Some(Diagnostic::warn("unused-suppression", place, message).help("delete the comment"));
    }
    None
}
