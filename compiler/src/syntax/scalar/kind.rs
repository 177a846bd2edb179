//! The name of a kind: one of ours, one that is not built yet, or a word from habit.

use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::{self, Kind};
use crate::syntax::keys::{Reader, not_supported};
use crate::syntax::tree::{Content, Node, Scalar as YamlScalar};
use flusso_lints::unknown_kind;
use flusso_lints::words::nearest;

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
const KIND_HABITS: [(&[&str], &str); 9] = [
    (&["int", "int4", "number", "serial"], "integer"),
    (&["bigint", "int8", "bigserial"], "long"),
    (&["smallint", "int2", "smallserial"], "short"),
    (&["datetime", "date_time", "timestamptz", "time_stamp"], "timestamp"),
    (&["bool"], "boolean"),
    (&["jsonb", "hstore"], "json"),
    (&["numeric", "scaled_float", "money"], "decimal"),
    (&["real", "float4"], "float"),
    (&["double precision", "float8"], "double"),
];

/// The kind of that name; `Some(None)` is `auto`.
pub(super) fn kind(reader: &mut Reader, name: &str, place: &Place) -> Option<Option<&'static dyn Kind>> {
    known(reader, name, place).unwrap_or_else(|| {
        let found = from_habit(name, place).unwrap_or_else(|| {
            let names: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name()).collect();
            unknown_kind::finding(name, &names, place.clone())
        });
        reader.push(found);
        None
    })
}

/// The kind after a field's name, where people also write the column: `id: id`.
pub(super) fn of_field(
    reader: &mut Reader,
    field: &str,
    name: &str,
    place: &Place,
) -> Option<Option<&'static dyn Kind>> {
    known(reader, name, place).unwrap_or_else(|| {
        // `id` would come near `ip`.
        let found = if name == field {
            unknown_kind::column_of_field(field, place.clone())
        } else {
            from_habit(name, place).unwrap_or_else(|| {
                let names: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name()).collect();
                unknown_kind::of_field(name, field, &names, place.clone())
            })
        };
        reader.push(found);
        None
    })
}

/// A kind, `auto` (`Some(None)`), or one that is not built yet, which is reported; none: the name is unknown.
fn known(reader: &mut Reader, name: &str, place: &Place) -> Option<Option<Option<&'static dyn Kind>>> {
    if name == kinds::AUTO {
        return Some(Some(None));
    }
    if let Some(kind) = kinds::find(name) {
        return Some(Some(Some(kind)));
    }
    KINDS_NOT_YET.contains(&name).then(|| {
        reader.push(not_supported(place.clone(), &format!("kind `{name}`")));
        None
    })
}

/// The finding about a word for which one of our kinds must be meant.
fn from_habit(name: &str, place: &Place) -> Option<Diagnostic> {
    let folded = name.to_lowercase();
    if matches!(folded.as_str(), "string" | "str" | "varchar" | "char" | "citext") {
        return Some(unknown_kind::text(name, place.clone()));
    }
    let habit = KIND_HABITS.iter().find(|(words, _)| words.contains(&folded.as_str())).map(|(_, kind)| *kind);
    let names = kinds::ALL.iter().map(|kind| kind.name()).chain([kinds::AUTO]);
    let ours = habit.or_else(|| nearest(name, names))?;
    Some(unknown_kind::renamed(name, ours, place.clone()))
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
