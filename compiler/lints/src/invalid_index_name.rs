//! `invalid-index-name`: an index has a name that OpenSearch does not accept.

use flusso_schemas::index_name;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "invalid-index-name",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "An index has a name that OpenSearch does not accept.",
    why: "\
OpenSearch takes names in lower case, of at most 255 bytes, without most punctuation. flusso also needs a few bytes \
for the number of the generation behind the alias. The name is what applications query, so choose one \
that can stay.",
    example: Some(Example { bad: "index: Orders", good: "index: orders" }),
};

/// A name with characters that are not accepted. `lower` is the name in lower case, where that settles it.
pub fn characters(name: &str, lower: Option<&str>, place: Place) -> Diagnostic {
    let found = LINT.at(place.clone(), format!("OpenSearch does not accept the index name `{name}`"));
    let found = found.help(index_name::RULE);
    match lower {
        Some(lower) => found.fix(place, lower),
        None => found,
    }
}

/// A name of more bytes than a generation's name leaves.
pub fn too_long(name: &str, bytes_max: usize, place: Place) -> Diagnostic {
    LINT.at(place, format!("index name `{name}` is longer than {}", counted(bytes_max, "byte")))
        .help("write a shorter name")
}

/// An index that goes to a sink whose prefix leaves fewer bytes for its name.
pub fn too_long_behind_prefix(
    name: &str,
    sink: &str,
    bytes_max: usize,
    other: Place,
    place: Place,
) -> Diagnostic {
    LINT.at(place, behind_prefix(name, sink, bytes_max))
        .related(other, format!("sink `{sink}`"))
        .help(SHORTER)
}

/// The same where the prefix is a reference, and is known only when a server is asked.
pub fn too_long_behind_resolved_prefix(name: &str, sink: &str, bytes_max: usize) -> Finding {
    LINT.live(behind_prefix(name, sink, bytes_max)).about(format!("sink:{sink}")).with_help(SHORTER)
}

const SHORTER: &str = "write a shorter name or a shorter prefix";

fn behind_prefix(name: &str, sink: &str, bytes_max: usize) -> String {
    let bytes_max = counted(bytes_max, "byte");
    format!("`index_prefix` of sink `{sink}` leaves {bytes_max} for the name of index `{name}`")
}

/// A prefix with characters that are not accepted.
pub fn prefix_characters(place: Place) -> Diagnostic {
    LINT.at(place, "OpenSearch does not accept names that begin with this `index_prefix`")
        .help(index_name::RULE)
}

/// A prefix that is too long for the names made with it.
pub fn prefix_too_long(bytes_max: usize, place: Place) -> Diagnostic {
    LINT.at(place, format!("`index_prefix` is longer than {}", counted(bytes_max, "byte")))
        .help("write a shorter prefix")
}

/// Why no name can begin with a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixProblem {
    /// It has this character, or begins with it.
    Character(char),
    /// It has more bytes than these.
    TooLong(usize),
}

/// A prefix that is a reference: its value is not repeated.
pub fn resolved_prefix(sink: &str, problem: PrefixProblem) -> Finding {
    let (why, help) = match problem {
        PrefixProblem::Character(letter) => (format!("contains or begins with {letter:?}"), index_name::RULE),
        PrefixProblem::TooLong(bytes_max) => {
            (format!("is longer than {}", counted(bytes_max, "byte")), "write a shorter prefix")
        }
    };
    LINT.live(format!("`index_prefix` of sink `{sink}` {why}, so OpenSearch would refuse every index"))
        .about(format!("sink:{sink}"))
        .with_help(help)
}
