//! The name of a kind: one of ours, one that is not built yet, or a word from habit.

use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::{self, Kind, Kinds, NOT_YET};
use crate::syntax::keys::{Reader, not_supported};
use flusso_lints::unknown_kind;
use flusso_lints::words::nearest;

/// The kind of that name; `Some(None)` is `auto`.
pub(super) fn kind(reader: &mut Reader, name: &str, place: &Place) -> Option<Option<&'static dyn Kind>> {
    known(reader, name, place).unwrap_or_else(|| {
        let found = from_habit(&reader.kinds, name, place)
            .unwrap_or_else(|| unknown_kind::finding(name, &reader.kinds.names(), place.clone()));
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
            from_habit(&reader.kinds, name, place)
                .unwrap_or_else(|| unknown_kind::of_field(name, field, &reader.kinds.names(), place.clone()))
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
    if let Some(kind) = reader.kinds.find(name) {
        return Some(Some(Some(kind)));
    }
    NOT_YET.iter().any(|(planned, _)| *planned == name).then(|| {
        reader.push(not_supported(place.clone(), &format!("kind `{name}`")));
        None
    })
}

/// The finding about a word that another tool, Postgres or a slip of the finger has for a kind of ours.
fn from_habit(kinds: &Kinds, name: &str, place: &Place) -> Option<Diagnostic> {
    let ours = match kinds.of_alias(name).as_slice() {
        [] => nearest(name, kinds.names().into_iter().chain([kinds::AUTO]))?,
        [ours] => ours,
        // Only text has several kinds of one name elsewhere.
        _ => return Some(unknown_kind::text(name, place.clone())),
    };
    Some(unknown_kind::renamed(name, ours, place.clone()))
}
