//! What the patterns under `indexes` led to: only the caller can see files, only the compiler says where the
//! pattern is written and what was meant.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Place};
use crate::syntax::keys::At;
use flusso_lints::words::nearest;
use flusso_lints::{no_index_file, unreadable_file, wrong_type};

/// A pattern or a file under `indexes` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternProblem {
    /// The pattern as it is written.
    pub pattern: String,
    /// What is wrong with it.
    pub what: WhatIsWrong,
}

/// Why a pattern gives no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatIsWrong {
    /// It matches no file.
    NoFile {
        /// YAML files of the project that it could mean, relative to the project's folder, sorted.
        near: Vec<String>,
        /// Whether it names a folder.
        is_folder: bool,
    },
    /// It is not a pattern: why.
    NotAPattern(String),
    /// It matches a file that cannot be read as text.
    Unreadable {
        /// Path relative to the project's folder.
        path: String,
        /// Why it could not be read: the system's words.
        reason: String,
    },
}

/// The finding about a problem, at the pattern or, where that is lost, at the top of the file.
pub(crate) fn finding(problem: &PatternProblem, patterns: &[At<String>]) -> Diagnostic {
    let pattern = &problem.pattern;
    let written = patterns.iter().find(|each| each.value == *pattern);
    let place = written.map_or_else(|| Place::new(0, 0..0), |each| each.place.clone());
    match &problem.what {
        WhatIsWrong::NoFile { near, is_folder } => {
            no_index_file::finding(pattern, *is_folder, near, meant(pattern, near), place)
        }
        WhatIsWrong::NotAPattern(why) => wrong_type::file_pattern(pattern, why, place),
        WhatIsWrong::Unreadable { path, reason } => unreadable_file::finding(path, reason, place),
    }
}

/// What would have matched: for a name the nearest name, for a pattern or a folder the nearest pattern.
fn meant(pattern: &str, near: &[String]) -> Option<String> {
    let is_name = !pattern.contains(['*', '?', '[']) && pattern.contains('.');
    let patterns: BTreeSet<String> = near.iter().map(|path| pattern_of(path)).collect();
    let choices: Vec<&str> = if is_name {
        near.iter().map(String::as_str).collect()
    } else {
        patterns.iter().map(String::as_str).collect()
    };
    let folder = pattern.trim_end_matches('/');
    let below =
        choices.iter().find(|choice| choice.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
    let only = match choices.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let near = nearest(pattern, choices.iter().copied());
    near.or(below.or(only).copied()).map(str::to_owned)
}

/// The pattern of a file's folder and ending.
fn pattern_of(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let ending = name.rsplit_once('.').map_or("yml", |(_, ending)| ending);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}*.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(pattern: &str, near: &[&str]) -> Option<String> {
        meant(pattern, &near.iter().map(|each| (*each).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_was_meant_is_found_by_what_lies_near() {
        let near = ["indexes/orders.yml", "indexes/users.yml"];
        assert_eq!(meant_by("index/*.yml", &near).as_deref(), Some("indexes/*.yml"));
        assert_eq!(meant_by("indexes", &near).as_deref(), Some("indexes/*.yml"));
        assert_eq!(meant_by("indexes/", &near).as_deref(), Some("indexes/*.yml"));
        assert_eq!(meant_by("indexes/order.yml", &near).as_deref(), Some("indexes/orders.yml"));
        assert_eq!(meant_by("indexes/*.yml", &["indexes/a.yaml"]).as_deref(), Some("indexes/*.yaml"));
        assert_eq!(meant_by("search/**/*.yml", &["deep/er/a.yml"]).as_deref(), Some("deep/er/*.yml"));
        assert_eq!(meant_by("x/*.yml", &["one/a.yml", "two/b.yml"]), None);
        assert_eq!(meant_by("x/*.yml", &[]), None);
    }
}
