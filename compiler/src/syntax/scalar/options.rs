//! Parameters of a mapping under `options`, and subfields.

use std::collections::BTreeMap;

use super::kind::kind;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Subfield;
use crate::syntax::habits;
use crate::syntax::index::Values;
use crate::syntax::keys::{Keys, Reader, listed};
use crate::syntax::tree::{Content, Entry};

/// Reads `options` against the parameters that are known.
pub(in crate::syntax) fn options(reader: &mut Reader, entry: &Entry, what: &str, allowed: &[&str]) -> Values {
    let Some(mapping) = reader.mapping("options", &entry.value) else { return Values::new() };
    let mut found = Values::new();
    for option in &mapping.entries {
        if allowed.contains(&option.key.as_str()) {
            found.insert(option.key.clone(), option.value.json());
        } else {
            let place = reader.place(&option.key_span);
            reader.push(unknown_parameter(&option.key, what, allowed, place));
        }
    }
    found
}

fn unknown_parameter(name: &str, what: &str, allowed: &[&str], place: Place) -> Diagnostic {
    let owned = match name {
        "type" => Some("kind"),
        "fields" => Some("subfields"),
        "properties" => Some("fields"),
        "copy_to" => Some("copy_from"),
        "scaling_factor" => Some("scale"),
        _ => None,
    };
    if let Some(ours) = owned {
        let message = format!("`{name}` is not set under `options`");
        return Diagnostic::deny("unknown-mapping-parameter", place, message)
            .help(format!("write `{ours}` beside `kind`"));
    }
    let message = format!("`{what}` has no parameter `{name}`, so the index could not be created");
    let diagnostic = Diagnostic::deny("unknown-mapping-parameter", place.clone(), message);
    let near = habits::nearest(name, allowed.iter().copied())
        .or_else(|| allowed.iter().copied().find(|each| strsim::levenshtein(name, each) <= 2));
    match near {
        Some(near) => diagnostic.help(format!("write `{near}`")).fix(place, near),
        None if allowed.is_empty() => diagnostic.help("leave it out"),
        None => diagnostic.help(format!("the parameters are {}", listed(allowed, "and"))),
    }
}

/// Kinds that a subfield may be.
const SUBFIELD_KINDS: [&str; 5] = ["identifier", "keyword", "search_as_you_type", "text", "token_count"];

pub(super) fn subfields(reader: &mut Reader, entry: &Entry) -> BTreeMap<String, Subfield> {
    let Some(mapping) = reader.mapping("subfields", &entry.value) else { return BTreeMap::new() };
    let read = mapping.entries.iter().filter_map(|entry| Some((entry.key.clone(), subfield(reader, entry)?)));
    read.collect()
}

fn subfield(reader: &mut Reader, entry: &Entry) -> Option<Subfield> {
    let (name, place, options) = match &entry.value.content {
        Content::Map(mapping) => {
            let keys = Keys::new(mapping, "a subfield");
            let kind = keys.get("kind").and_then(|entry| reader.text("kind", &entry.value));
            if !keys.has("kind") {
                let place = reader.place(&entry.key_span);
                let message = format!("subfield `{}` has no kind", entry.key);
                reader.push(Diagnostic::deny("missing-key", place, message).help("add `kind: …`"));
            }
            let options = keys.get("options");
            keys.finish(reader);
            let kind = kind?;
            (kind.value, kind.place, options)
        }
        _ => {
            let kind = reader.text(&entry.key, &entry.value)?;
            (kind.value, kind.place, None)
        }
    };
    let kind = kind(reader, &name, &place)?.filter(|kind| SUBFIELD_KINDS.contains(&kind.name()));
    let Some(kind) = kind else {
        let message = format!("a subfield cannot be `{name}`");
        reader.push(
            Diagnostic::deny("kind-mismatch", place, message)
                .help(format!("write {}", listed(&SUBFIELD_KINDS, "or"))),
        );
        return None;
    };
    let options =
        options.map(|entry| self::options(reader, entry, kind.name(), kind.options())).unwrap_or_default();
    Some(Subfield { kind, options })
}
