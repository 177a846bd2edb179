//! What several kinds share: parameters of mappings, numbers as JSON and words of refusals.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Acceptance, FieldMapping, Rendered};
use crate::pg_type::{BaseType, PgType};

/// Parameters of a numeric mapping.
pub(super) const NUMBER_OPTIONS: &[&str] = &[
    "coerce",
    "doc_values",
    "ignore_malformed",
    "index",
    "index_options",
    "meta",
    "null_value",
    "similarity",
    "skip_list",
    "store",
];

/// Parameters of a `keyword` mapping.
pub(super) const KEYWORD_OPTIONS: &[&str] = &[
    "doc_values",
    "eager_global_ordinals",
    "ignore_above",
    "index",
    "index_options",
    "meta",
    "normalizer",
    "norms",
    "null_value",
    "similarity",
    "split_queries_on_whitespace",
    "store",
    "use_similarity",
];

/// Parameters of a `text` mapping.
pub(super) const TEXT_OPTIONS: &[&str] = &[
    "analyzer",
    "doc_values",
    "eager_global_ordinals",
    "fielddata",
    "fielddata_frequency_filter",
    "index",
    "index_options",
    "index_phrases",
    "index_prefixes",
    "meta",
    "norms",
    "position_increment_gap",
    "search_analyzer",
    "search_quote_analyzer",
    "similarity",
    "store",
    "term_vector",
];

/// Parameters of a `date` mapping.
pub(super) const DATE_OPTIONS: &[&str] = &[
    "doc_values",
    "format",
    "ignore_malformed",
    "index",
    "index_options",
    "locale",
    "meta",
    "null_value",
    "print_format",
    "similarity",
    "skip_list",
    "store",
];

/// The longest term that Lucene takes; a document with a longer one is refused whole.
pub(crate) const TERM_BYTES_MAX: u64 = 32_766;

/// Bytes of UTF-8 that a UTF-16 unit takes at most: a character of four bytes has two of them.
pub(crate) const UNIT_BYTES_MAX: u64 = 3;

/// Longest value that is indexed, UTF-16 units.
pub(super) const INDEXED_UNITS_MAX: u64 = TERM_BYTES_MAX / UNIT_BYTES_MAX;

/// An exact value. One of a text may be of any length; uuids, names and an enum's labels are short.
pub(super) fn exact_mapping(pg_type: &PgType) -> FieldMapping {
    let is_short = matches!(pg_type.base, BaseType::Enum { .. } | BaseType::Name | BaseType::InternalChar);
    if pg_type.base.is_text() && !is_short { limited_mapping("keyword") } else { mapping_of("keyword") }
}

/// A mapping of this type that leaves longer values unindexed; without it they would have their document refused.
pub(super) fn limited_mapping(opensearch_type: &str) -> FieldMapping {
    let mut mapping = mapping_of(opensearch_type);
    mapping.parameters.insert("ignore_above".to_owned(), INDEXED_UNITS_MAX.into());
    mapping
}

/// A mapping of this type and nothing else.
pub(super) fn mapping_of(opensearch_type: &str) -> FieldMapping {
    FieldMapping {
        parameters: BTreeMap::from([("type".to_owned(), opensearch_type.into())]),
        ..FieldMapping::default()
    }
}

/// The subfield that `text` and `identifier` bring: the whole value, for sorting and exact search.
pub(super) fn keyword_subfield() -> BTreeMap<String, Value> {
    let exact = serde_json::json!({ "type": "keyword", "ignore_above": 256 });
    BTreeMap::from([("keyword".to_owned(), exact)])
}

/// A number as JSON: NaN and infinities, which JSON cannot hold, print `null`.
pub(super) fn number(expression: &str, pg_type: &PgType) -> Rendered {
    match &pg_type.base {
        BaseType::Numeric(Some(_)) => Rendered::Total(finite(expression, &["NaN"])),
        BaseType::Numeric(None) | BaseType::Real | BaseType::Double => {
            Rendered::Total(finite(expression, &["NaN", "Infinity", "-Infinity"]))
        }
        BaseType::Money => Rendered::Text(format!("{expression}::numeric::text")),
        _ => Rendered::Plain(expression.to_owned()),
    }
}

fn finite(expression: &str, excluded: &[&str]) -> String {
    let inner = excluded.iter().fold(expression.to_owned(), |sql, value| format!("nullif({sql}, '{value}')"));
    format!("coalesce({inner}::text, 'null')")
}

/// A text as a JSON string; `character(n)` loses its padding by the cast.
pub(super) fn text(expression: &str, pg_type: &PgType) -> Rendered {
    Rendered::Text(match pg_type.base {
        BaseType::Text | BaseType::Varchar(_) => format!("to_json({expression})"),
        _ => format!("to_json({})", pg_type.output(expression)),
    })
}

/// Refused, with what to write instead.
pub(super) fn never(why: impl Into<String>, instead: impl Into<String>) -> Acceptance {
    Acceptance::Never { why: why.into(), instead: instead.into() }
}

/// Whether a kind of text accepts a type: text of any kind, and nothing else.
pub(super) fn accept_text(kind: &str, pg_type: &PgType) -> Acceptance {
    use BaseType as B;
    match &pg_type.base {
        base if base.is_text() => Acceptance::Exact,
        B::Json | B::Jsonb | B::Hstore | B::Composite => {
            never(format!("`{kind}` indexes words, but the value is structured"), "`json`")
        }
        base if base.is_integer() || base.is_fractional() => never(
            format!("`{kind}` indexes words: numbers could be neither compared nor summed"),
            "`keyword`, or a number such as `long` or `decimal`",
        ),
        B::Uuid => never(format!("`{kind}` would split the value into words"), "`uuid` or `keyword`"),
        _ => never(format!("`{kind}` indexes words, but the value is not text"), "`auto` or `keyword`"),
    }
}

/// Digits before the point.
pub(super) fn whole_digits(shape: crate::pg_type::NumericShape) -> u32 {
    u32::try_from(i64::from(shape.precision) - i64::from(shape.scale)).unwrap_or(0)
}
