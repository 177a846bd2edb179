//! The page of a lint and the list of all, as `flusso explain`, `flusso lints` and docs/lints/ print them.

use flusso_schemas::report::Level;

use crate::ALL;
use crate::lint::{Group, Lint, Needs};

/// A lint's page in Markdown.
pub fn page(lint: &Lint) -> String {
    let mut text = format!("# {}\n\n{}\n\n{}\n\n{}\n", lint.name, lint.summary, terms(lint), lint.why);
    if let Some(example) = &lint.example {
        text.push_str(&format!("\nInstead of\n\n```yaml\n{}\n```\n", example.bad));
        text.push_str(&format!("\nwrite\n\n```yaml\n{}\n```\n", example.good));
    }
    text
}

/// Every lint by group, one line each, in Markdown.
pub fn index() -> String {
    let mut text = String::from(
        "# Lints\n\nEvery lint of flusso. `flusso explain NAME` prints a page. A level that can be changed is \
         set under `lints:` in `flusso.yml`; a comment `# flusso: allow(NAME) reason` accepts one finding.\n",
    );
    for group in Group::EVERY {
        text.push_str(&format!(
            "\n## {}\n\n| lint | level | needs | |\n| --- | --- | --- | --- |\n",
            group.title()
        ));
        for lint in ALL.iter().filter(|lint| lint.group == group) {
            let level = if lint.adjustable {
                format!("{}, can be changed", word(lint.level))
            } else {
                word(lint.level).to_owned()
            };
            text.push_str(&format!(
                "| [{0}]({0}.md) | {level} | {1} | {2} |\n",
                lint.name,
                lint.needs.words(),
                lint.summary
            ));
        }
    }
    text
}

/// What a reader asks first: whether it fails, whether that can be changed, what it needs.
fn terms(lint: &Lint) -> String {
    let changes = match lint.adjustable {
        true => format!("`lints: {{ {}: allow }}` in `flusso.yml` changes that", lint.name),
        false => "its level is fixed".to_owned(),
    };
    format!("Level: {}; {changes}. Needs: {}.", word(lint.level), lint.needs.words())
}

/// The word for a level in text that people read.
fn word(level: Level) -> &'static str {
    match level {
        Level::Allow => "off",
        Level::Warn => "warning",
        Level::Deny => "error",
    }
}

impl Group {
    /// Every group, in the order of the catalogue.
    pub const EVERY: [Self; 6] =
        [Self::Reading, Self::Types, Self::Relations, Self::Capture, Self::Target, Self::Hygiene];

    /// The heading of the group in the index of lints.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reading => "The files",
            Self::Types => "Names, kinds and types",
            Self::Relations => "Relations, conditions and expressions",
            Self::Capture => "Following changes",
            Self::Target => "The index server",
            Self::Hygiene => "Secrets, levels and suppressions",
        }
    }
}

impl Needs {
    /// The noun phrase that a page shows for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Config => "the files",
            Self::Catalog => "the database",
            Self::Target => "the index server",
            Self::State => "what earlier runs recorded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_sorted_and_in_kebab_case() {
        let names: Vec<&str> = ALL.iter().map(|lint| lint.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "sort the list in lib.rs");
        let is_kebab = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(names.iter().all(|name| is_kebab(name)));
    }

    #[test]
    fn every_page_says_what_and_why() {
        for lint in ALL {
            let is_sentence = lint.summary.ends_with('.') && !lint.summary.contains('\n');
            assert!(is_sentence, "summary of `{}`", lint.name);
            assert!(lint.why.len() > 80, "`{}` does not say why it matters", lint.name);
        }
    }
}
