//! `unknown-mapping-parameter`: a mapping parameter does not exist for this type.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-mapping-parameter",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A mapping parameter is unknown for its type, or is not set under `options`.",
    why: "\
OpenSearch refuses an index whose mapping has a parameter that it does not know, so the index could not be created. \
Some parameters have a key of their own in flusso, because they follow from other keys: `type` from `kind`, `copy_to` \
from `copy_from`, `fields` from `subfields`.",
    example: Some(Example {
        bad: "  note: { kind: text, options: { analyser: english } }",
        good: "  note: { kind: text, options: { analyzer: english } }",
    }),
};

/// A parameter that the kind's type does not have, and the one that comes near.
pub fn of_kind(kind: &str, parameter: &str, near: Option<&str>, known: &[&str], place: Place) -> Diagnostic {
    let message =
        format!("unknown mapping parameter `{parameter}` for `{kind}`: OpenSearch would refuse the index");
    suggested(LINT.at(place.clone(), message), near, known, place)
}

/// A parameter for which there is a key beside `kind`.
pub fn has_own_key(parameter: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{parameter}` is not set under `options`"))
        .help(format!("write `{ours}` beside `kind`"))
}

/// A parameter that the root of a mapping does not have.
pub fn of_root(parameter: &str, near: Option<&str>, known: &[&str], place: Place) -> Diagnostic {
    let message =
        format!("unknown mapping parameter `{parameter}` at the root: OpenSearch would refuse the index");
    suggested(LINT.at(place.clone(), message), near, known, place)
}

/// A parameter of the root for which there is a key at the top of the file.
pub fn has_own_key_at_the_top(parameter: &str, ours: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{parameter}` is not set under `options`"))
        .help(format!("write `{ours}` at the top of the file"))
}

/// `_routing` of the root.
pub fn routing(place: Place) -> Diagnostic {
    LINT.at(place, "`_routing` is not supported: flusso writes every document without routing")
        .help("remove `_routing`")
}

fn suggested(found: Diagnostic, near: Option<&str>, known: &[&str], place: Place) -> Diagnostic {
    match near {
        Some(near) => found.instead(place, near),
        None if known.is_empty() => found.help("remove it"),
        None => found.help(format!("use one of {}", listed(known, "and"))),
    }
}
