//! `duplicate-alias`: two sinks write to one place.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "duplicate-alias",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "Two sinks write indexes of the same names to the same cluster.",
    why: "\
Both sinks would create, fill and swap the same indexes and aliases, each undoing what the other did. Give one of \
them another `index_prefix`, or remove it.",
    example: Some(Example {
        bad: "  green: { opensearch: { url: \"${OPENSEARCH_URL}\", index_prefix: \"${PREFIX}\" } }",
        good: "  green: { opensearch: { url: \"${OPENSEARCH_URL}\", index_prefix: \"${PREFIX}-green\" } }",
    }),
};

/// Both sinks have one URL and one prefix.
pub fn sinks(first: &str, second: &str, other: Place, place: Place) -> Diagnostic {
    LINT.at(place, all(first, second)).related(other, "the first").help(help(second))
}

/// What a name is for that two sinks use on one cluster.
#[derive(Clone, Copy, Debug)]
pub enum Use<'a> {
    /// The alias of an index.
    Alias(&'a str),
    /// The state of the project.
    State,
}

/// Both sinks keep their state under one name, so that all their other names are the same too.
pub fn states(first: &str, second: &str) -> Finding {
    LINT.live(all(first, second)).about(format!("sink:{second}")).with_help(help(second))
}

/// One name on one cluster, with what each sink uses it for.
pub fn name(name: &str, first: (&str, Use<'_>), second: (&str, Use<'_>)) -> Finding {
    let message = format!(
        "{} in sink `{}` and {} in sink `{}` are both `{name}` on one cluster: each would take it from the other",
        first.1.words(),
        first.0,
        second.1.words(),
        second.0
    );
    LINT.live(message).about(format!("sink:{}", second.0)).with_help(help(second.0))
}

fn all(first: &str, second: &str) -> String {
    format!(
        "sinks `{first}` and `{second}` write to one cluster with one `index_prefix`: each would overwrite the \
         other's indexes"
    )
}

fn help(sink: &str) -> String {
    format!("give sink `{sink}` another `index_prefix`")
}

impl Use<'_> {
    fn words(self) -> String {
        match self {
            Self::Alias(index) => format!("the alias of index `{index}`"),
            Self::State => "the project's state".to_owned(),
        }
    }
}
