//! `reserved-field`: a field or subfield has a name that a document cannot have.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "reserved-field",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A field or subfield has a name that OpenSearch reserves or rejects.",
    why: "\
Names that begin with `_` are those of OpenSearch (`_id`, `_source`), and a document with one of them is refused. \
Spaces at the ends and dots in the wrong place would be refused as well. The key of the document is there already as \
`_id`; choose another name and say under `column` what fills the field.",
    example: Some(Example { bad: "  _id: keyword", good: "  order_id: { kind: keyword, column: id }" }),
};

/// A name that no document can have.
pub fn name(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unsupported field name `{name}`: OpenSearch would refuse the documents"))
        .help("remove dots and leading or trailing spaces")
}

/// A name at the top that begins as OpenSearch's own do.
pub fn underscore(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("`{name}` is reserved: OpenSearch's own fields begin with `_`"))
        .help("begin it with a letter, and name the column with `column`")
}

/// A subfield's name, which is a single step of a path.
pub fn subfield(name: &str, place: Place) -> Diagnostic {
    LINT.at(place, format!("unsupported subfield name `{name}`: OpenSearch would refuse the index"))
        .help("remove dots and leading or trailing spaces")
}
