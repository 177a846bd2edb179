//! Functions of Postgres that are stable, not immutable, for no other reason than a setting that every
//! session of flusso pins.
//!
//! `provolatile` says `s` for three reasons: the function reads a setting, reads the catalog or a table, or
//! reads the clock or the session. Only the first is harmless here, and the catalog does not distinguish them.
//! What is not in a list is refused.

/// `TimeZone`: between a moment and its date and time. `age` of one argument is planned as `CURRENT_DATE`,
/// which the plan shows.
const TIME_ZONE: &[&str] = &[
    "age",
    "date",
    "date_add",
    "date_part",
    "date_subtract",
    "date_trunc",
    "extract",
    "jsonb_path_exists_tz",
    "jsonb_path_match_tz",
    "jsonb_path_query_array_tz",
    "jsonb_path_query_first_tz",
    "make_timestamptz",
    "overlaps",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "timezone",
];

/// `lc_monetary`, `lc_numeric`, `lc_time`, `DateStyle` and `TimeZone`: values to and from text by a format.
const FORMATS: &[&str] = &["money", "numeric", "to_char", "to_date", "to_number", "to_timestamp"];

/// `DateStyle`, `IntervalStyle`, `TimeZone`, `extra_float_digits`, `bytea_output`, `quote_all_identifiers`: any
/// value as text, which is declared stable for the sake of the few types whose text depends on a setting.
const TEXT_OF_ANYTHING: &[&str] = &[
    "array_to_json",
    "array_to_string",
    "concat",
    "concat_ws",
    "format",
    "json_build_array",
    "json_build_object",
    "json_populate_record",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_populate_record",
    "quote_literal",
    "quote_nullable",
    "row_to_json",
    "to_json",
    "to_jsonb",
];

/// Functions that depend on `xmloption` alone.
const XML: &[&str] = &["xml", "xml_is_well_formed"];

/// Conversions between encodings: stable because each is an object of the catalog. Those of Postgres itself
/// belong to the server's version.
const ENCODINGS: &[&str] = &["convert", "convert_from", "convert_to", "length"];

/// Operators of Postgres that are stable for another reason: `@@` over text reads
/// `default_text_search_config`, which is the database's to choose.
const UNPINNED_OPERATORS: &[&str] = &["@@", "@@@"];

/// Types whose text is a name of the catalog, where a rename changes it.
pub(super) const CATALOG_TYPES: &[&str] = &[
    "regclass",
    "regcollation",
    "regconfig",
    "regdatabase",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
];

/// Whether a function or operator of Postgres is stable for pinned settings only.
pub(super) fn depends_on_pinned_settings(name: &str, is_operator: bool) -> bool {
    if is_operator {
        return !UNPINNED_OPERATORS.contains(&name);
    }
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    [TIME_ZONE, FORMATS, TEXT_OF_ANYTHING, XML, ENCODINGS].iter().any(|list| list.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        for list in [TIME_ZONE, FORMATS, TEXT_OF_ANYTHING, XML, ENCODINGS, CATALOG_TYPES] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn the_clock_the_session_and_the_catalog_are_in_no_list() {
        for name in
            ["now", "current_setting", "to_regclass", "format_type", "to_tsvector", "enum_range", "version"]
        {
            assert!(!depends_on_pinned_settings(name, false), "{name}");
        }
    }
}
