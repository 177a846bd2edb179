//! The name of a kind: one of ours, one that is not built yet, or a word from habit.

use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::{self, Kind};
use crate::syntax::keys::{Reader, not_supported};
use crate::syntax::tree::{Content, Node, Scalar as YamlScalar};
use flusso_lints::words::listed;

/// Kinds that are known and not built, and words that stand in their grammar.
const KINDS_NOT_YET: [&str; 13] = [
    "completion",
    "custom",
    "date_range",
    "double_range",
    "geo_point",
    "geo_shape",
    "integer_range",
    "long_range",
    "map",
    "nested",
    "object",
    "unsigned_long",
    "vector",
];

/// Words that people write for a kind, where one of ours is certain.
const KIND_HABITS: [(&[&str], &str); 8] = [
    (&["int", "int4", "number"], "integer"),
    (&["bigint", "int8", "bigserial"], "long"),
    (&["smallint", "int2"], "short"),
    (&["datetime", "timestamptz", "time_stamp"], "timestamp"),
    (&["bool"], "boolean"),
    (&["numeric", "scaled_float", "money"], "decimal"),
    (&["real", "float4"], "float"),
    (&["double precision", "float8"], "double"),
];

/// The kind of that name; `Some(None)` is `auto`.
pub(super) fn kind(reader: &mut Reader, name: &str, place: &Place) -> Option<Option<&'static dyn Kind>> {
    if name == kinds::AUTO {
        return Some(None);
    }
    if let Some(kind) = kinds::find(name) {
        return Some(Some(kind));
    }
    if KINDS_NOT_YET.contains(&name) {
        reader.push(not_supported(place.clone(), &format!("kind `{name}`")));
        return None;
    }
    reader.push(unknown_kind(name, place));
    None
}

fn unknown_kind(name: &str, place: &Place) -> Diagnostic {
    let diagnostic = Diagnostic::deny("unknown-kind", place.clone(), format!("`{name}` is no kind"));
    let folded = name.to_lowercase();
    let habit = KIND_HABITS.iter().find(|(words, _)| words.contains(&folded.as_str())).map(|(_, kind)| *kind);
    if let Some(kind) = habit {
        return diagnostic.help(format!("write `{kind}`")).fix(place.clone(), kind);
    }
    if matches!(folded.as_str(), "string" | "str" | "varchar" | "char" | "citext") {
        let help = "write `text` to search for words, `keyword` for exact values, `identifier` for codes";
        return diagnostic.help(help);
    }
    if matches!(folded.as_str(), "jsonb" | "hstore") {
        return diagnostic.help("write `json`").fix(place.clone(), "json");
    }
    let names = kinds::ALL.iter().map(|kind| kind.name()).chain([kinds::AUTO]);
    match flusso_lints::words::nearest(name, names) {
        Some(near) => diagnostic.help(format!("write `{near}`")).fix(place.clone(), near),
        None => {
            let names: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name()).collect();
            diagnostic.help(format!("the kinds are {}", listed(&names, "and")))
        }
    }
}

/// The kind that a constant has by its value; none where it has none.
pub fn constant_kind(node: &Node) -> Option<&'static dyn Kind> {
    let name = match &node.content {
        Content::Map(_) => return None,
        Content::List(items) => {
            let mut kinds = items.iter().map(|item| constant_kind(item).map(Kind::name));
            let first = kinds.next()??;
            if !kinds.all(|kind| kind == Some(first)) {
                return None;
            }
            first
        }
        Content::Scalar { .. } => match node.scalar()? {
            YamlScalar::Null => return None,
            YamlScalar::Boolean(_) => "boolean",
            YamlScalar::Integer(_) => "long",
            YamlScalar::Float(_) => "double",
            YamlScalar::Text(_) => "keyword",
        },
    };
    kinds::find(name)
}
