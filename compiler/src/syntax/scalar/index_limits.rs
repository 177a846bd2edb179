//! `ignore_above` of a field and of its subfields, with its place.

use crate::syntax::keys::{At, Keys, Reader};
use crate::syntax::tree::{Content, Entry, Mapping};

/// Every limit under `options` and `subfields` of a scalar.
pub(super) fn read(reader: &Reader, keys: &Keys<'_>) -> Vec<At<u64>> {
    let own = keys.get("options").and_then(mapping);
    let subfields = keys.get("subfields").and_then(mapping);
    let of_subfields = subfields.iter().flat_map(|subfields| &subfields.entries);
    let of_subfields =
        of_subfields.filter_map(|subfield| mapping(subfield)?.get("options").and_then(mapping));
    own.into_iter().chain(of_subfields).filter_map(|options| limit(reader, options)).collect()
}

/// None where the value is neither indexed nor kept beside the index, so that it may be of any length.
fn limit(reader: &Reader, options: &Mapping) -> Option<At<u64>> {
    let is_off = |name: &str| options.get(name).is_some_and(|entry| entry.value.json() == false);
    if is_off("index") && is_off("doc_values") {
        return None;
    }
    let entry = options.get("ignore_above")?;
    Some(At { value: entry.value.json().as_u64()?, place: reader.place(&entry.value.span) })
}

fn mapping(entry: &Entry) -> Option<&Mapping> {
    match &entry.value.content {
        Content::Map(mapping) => Some(mapping),
        _ => None,
    }
}
