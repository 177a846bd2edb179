//! `keyword`: exact values as text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{KEYWORD_OPTIONS, limited_mapping, never, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `keyword`: exact values.
#[derive(Debug)]
pub(super) struct Keyword;

impl Kind for Keyword {
    fn name(&self) -> &'static str {
        "keyword"
    }

    fn docs(&self) -> &'static str {
        "Exact values as text, for filters, facets and sorting.\n\n\
         A value of more than 10922 UTF-16 units stays in the document and is not searchable. Numbers keep \
         the text that Postgres prints: `1.50` is not `1.5`.\n\n\
         Example: `sku: keyword`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["string", "str", "varchar", "char", "citext", "constant_keyword"]
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Macaddr | BaseType::Bit | BaseType::Varbit)
    }

    fn options(&self) -> &'static [&'static str] {
        KEYWORD_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        use BaseType as B;
        match &pg_type.base {
            B::Real | B::Double => Acceptance::Lossy("the number is indexed as its shortest text".to_owned()),
            B::Money => Acceptance::Lossy("the text of `money` depends on a locale".to_owned()),
            B::Json | B::Jsonb | B::Hstore | B::Composite => {
                never("expected a single value, found a structure", "`json`")
            }
            B::Bytea => never("expected text, found bytes", "`binary`, or an expression with `encode`"),
            B::Interval => never("expected text, found an interval", "`interval`"),
            B::Range(_) => never("expected text, found a range", "one of the ranges, such as `date_range`"),
            B::TimeTz | B::Other(_) => never("the type has no stable text form", "an expression"),
            _ => Acceptance::Exact,
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        limited_mapping("keyword")
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        match pg_type.base {
            // Their cast to text adds a mask that the type itself does not print.
            BaseType::Inet | BaseType::Uuid => Rendered::Text(format!("to_json({expression})")),
            _ => text(expression, pg_type),
        }
    }
}
