//! `template-interferes`: an index template on the server adds settings, fields or aliases to an index of the project.

use crate::prelude::*;

/// Public for the tests of the sink that finds it.
pub static LINT: Lint = Lint {
    name: "template-interferes",
    level: Level::Warn,
    adjustable: true,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "An index template on the server adds settings, fields or aliases to an index of the project.",
    why: "\
The index would not be what the lock says: a field that a template maps, or an analyzer of its own, changes what \
queries find. Narrow the patterns of the template, or set these yourself so that they are in the lock.",
    example: None,
};

/// What templates add to an index of that name, in words.
pub fn finding(name: &str, added: &[String]) -> Finding {
    LINT.live(message(name, added)).with_help("narrow the template's patterns, or set these yourself")
}

pub(crate) fn message(name: &str, added: &[String]) -> String {
    format!("an index template that matches `{name}` adds {}", added.join(", "))
}
