//! The mapping parameters of OpenSearch 3.8 that `options` may hold, with the form of their values.

use super::ValueForm;
use ValueForm::{Any, Boolean, FieldValue, NumberMap, Text, TextMap, Texts, Whole, Word};

/// One mapping parameter that OpenSearch knows.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The key in the mapping, such as `ignore_above`.
    pub name: &'static str,
    /// The mapping types it belongs to here; none: all that have a parameter of that name.
    pub types: &'static [&'static str],
    /// The form of its value.
    pub form: ValueForm,
}

const fn parameter(name: &'static str, form: ValueForm) -> Parameter {
    Parameter { name, types: &[], form }
}

/// The largest 32-bit integer.
const INT: i64 = i32::MAX as i64;

/// Every parameter of a field or an object, sorted by name; rows for some types before those for the others.
pub const PARAMETERS: &[Parameter] = &[
    parameter("analyzer", Text),
    parameter("coerce", Boolean),
    Parameter { name: "doc_values", types: &["search_as_you_type"], form: Word(&["false"]) },
    parameter("doc_values", Boolean),
    Parameter {
        name: "dynamic",
        types: &["object", "nested"],
        form: Word(&["true", "false", "strict", "strict_allow_templates", "false_allow_templates"]),
    },
    parameter("eager_global_ordinals", Boolean),
    parameter("enable_position_increments", Boolean),
    parameter("enabled", Boolean),
    parameter("fielddata", Boolean),
    parameter("fielddata_frequency_filter", NumberMap(&["max", "min", "min_segment_size"])),
    parameter("format", Text),
    Parameter { name: "ignore_above", types: &["wildcard"], form: Whole(-INT - 1, INT) },
    parameter("ignore_above", Whole(0, INT)),
    parameter("ignore_malformed", Boolean),
    parameter("ignore_z_value", Boolean),
    parameter("include_in_parent", Boolean),
    parameter("include_in_root", Boolean),
    parameter("index", Boolean),
    Parameter { name: "index_options", types: &["keyword"], form: Word(&["docs", "freqs"]) },
    parameter("index_options", Word(&["docs", "freqs", "positions", "offsets"])),
    parameter("index_phrases", Boolean),
    parameter("index_prefixes", NumberMap(&["max_chars", "min_chars"])),
    parameter("locale", Text),
    parameter("max_input_length", Whole(1, INT)),
    parameter("max_shingle_size", Whole(2, 4)),
    parameter("meta", TextMap),
    parameter("normalizer", Text),
    parameter("norms", Boolean),
    parameter("null_value", FieldValue),
    parameter("orientation", Word(&["right", "ccw", "counterclockwise", "left", "cw", "clockwise"])),
    parameter("position_increment_gap", Whole(0, INT)),
    parameter("preserve_position_increments", Boolean),
    parameter("preserve_separators", Boolean),
    parameter("print_format", Text),
    parameter("search_analyzer", Text),
    parameter("search_quote_analyzer", Text),
    parameter("similarity", Text),
    parameter("skip_list", Boolean),
    parameter("split_queries_on_whitespace", Boolean),
    parameter("store", Boolean),
    parameter(
        "term_vector",
        Word(&[
            "no",
            "yes",
            "with_offsets",
            "with_positions",
            "with_positions_offsets",
            "with_positions_payloads",
            "with_positions_offsets_payloads",
        ]),
    ),
    parameter("use_similarity", Boolean),
];

/// Parameters of an object's mapping that its `options` may hold.
pub const OBJECT_PARAMETERS: [&str; 4] = ["dynamic", "enabled", "include_in_parent", "include_in_root"];

/// Every parameter of the mapping's root that `options` of an index may hold, sorted by name. `_source` is none:
/// verification compares rows with what documents hold.
pub const ROOT_PARAMETERS: &[Parameter] = &[
    parameter("_meta", Any),
    parameter("date_detection", Boolean),
    parameter("derived", Any),
    parameter("dynamic_date_formats", Texts),
    parameter("dynamic_templates", Any),
    parameter("numeric_detection", Boolean),
];

/// Types that take `index_options` and `similarity` at their word; the others accept them and forget them.
const SCORED: &[&str] = &["keyword", "search_as_you_type", "text"];

/// The row of a parameter for a mapping type.
pub fn find(name: &str, mapping_type: &str) -> Option<&'static Parameter> {
    let is_of = |row: &&Parameter| row.types.is_empty() || row.types.contains(&mapping_type);
    PARAMETERS.iter().filter(|row| row.name == name).find(is_of)
}

/// Whether the server accepts a parameter for a type, whatever its value, and forgets it.
pub fn is_forgotten(name: &str, mapping_type: &str) -> bool {
    match name {
        "index_options" | "similarity" => !SCORED.contains(&mapping_type),
        "doc_values" => mapping_type == "text",
        "index" => mapping_type == "binary",
        "include_in_parent" | "include_in_root" => mapping_type == "object",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn rows_are_sorted_and_every_option_of_a_kind_has_one() {
        assert!(PARAMETERS.is_sorted_by_key(|row| row.name));
        for kind in kinds::ALL {
            for option in kind.options() {
                assert!(find(option, kind.name()).is_some(), "`{option}` of `{}`", kind.name());
            }
        }
    }
}
