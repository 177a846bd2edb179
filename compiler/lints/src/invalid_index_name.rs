//! `invalid-index-name`: an index has a name that OpenSearch does not accept.

use flusso_schemas::index_name;

use crate::prelude::*;

/// The lint.
pub static LINT: Lint = Lint {
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
    let bytes_max = counted(bytes_max, "byte");
    LINT.at(
        place,
        format!("`index_prefix` of sink `{sink}` leaves {bytes_max} for the name of index `{name}`"),
    )
    .related(other, format!("sink `{sink}`"))
    .help("write a shorter name or a shorter prefix")
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
