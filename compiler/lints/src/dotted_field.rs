//! `dotted-field`: a field has a dot in its name.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "dotted-field",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A field has a dot in its name, so OpenSearch would make an object of it.",
    why: "\
OpenSearch reads `user.email` as the field `email` of an object `user`, whatever the document looks like. Two fields \
could then claim one object with two mappings, and the index could not be created. Write the object out: the paths in \
queries stay the same.",
    example: Some(Example {
        bad: "  user.email: keyword",
        good: "  user: { belongs_to: users, fields: { email: keyword } }",
    }),
};

/// `outer` is what is in front of the first dot, `inner` the rest.
pub fn finding(outer: &str, inner: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("field `{outer}.{inner}` has a dot: OpenSearch would make an object of it"))
        .help(format!("write `{outer}: {{ fields: {{ {inner}: … }} }}`, or a relation named `{outer}`"))
}
