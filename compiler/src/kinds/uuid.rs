//! `uuid`: identifiers in their one form.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{KEYWORD_OPTIONS, exact_mapping, never, text};
use super::{Acceptance, FieldMapping, JsonValue, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `uuid`: UUIDs as exact text.
#[derive(Debug)]
pub(super) struct Uuid;

impl Kind for Uuid {
    fn name(&self) -> &'static str {
        "uuid"
    }

    fn docs(&self) -> &'static str {
        "Universally unique identifiers, in lower case.\n\n\
         Over text neither case nor braces are normalised.\n\n\
         Example: `external_id: uuid`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["guid"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Uuid)
    }

    fn refuses_json(&self, value: &JsonValue<'_>) -> Option<String> {
        let is_uuid = |text: &str| {
            let groups: Vec<&str> = text.split('-').collect();
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                && groups.iter().all(|group| group.bytes().all(is_digit))
        };
        (!value.value.as_str().is_some_and(is_uuid)).then(|| "a UUID in lower case".to_owned())
    }

    fn options(&self) -> &'static [&'static str] {
        KEYWORD_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Uuid => Acceptance::Exact,
            base if base.is_text() => Acceptance::Lossy("case and braces are not normalised".to_owned()),
            base if base.is_integer() => never("expected a UUID, found a number", "`keyword` or `long`"),
            _ => never("expected a UUID", "`keyword`"),
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        exact_mapping(field.pg_type)
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        match pg_type.base {
            BaseType::Uuid => Rendered::Text(format!("to_json({expression})")),
            _ => text(expression, pg_type),
        }
    }
}
