//! `boolean`: true and false.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `boolean`: true or false.
#[derive(Debug)]
pub(super) struct Boolean;

impl Kind for Boolean {
    fn name(&self) -> &'static str {
        "boolean"
    }

    fn docs(&self) -> &'static str {
        "True and false.\n\nNumbers and letters that mean it are compared by an expression.\n\n\
         Example: `active: boolean`, `{ kind: boolean, sql: \"discontinued <> 0\" }`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["bool"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Boolean)
    }

    fn options(&self) -> &'static [&'static str] {
        &["doc_values", "index", "index_options", "meta", "null_value", "similarity", "store"]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Boolean => Acceptance::Exact,
            base if base.is_integer() => {
                never("OpenSearch rejects numbers in a boolean field", "an expression: `sql: \"flag = 1\"`")
            }
            base if base.is_text() => {
                never("OpenSearch rejects texts such as `t` and `y`", "an expression: `sql: \"flag = 'y'\"`")
            }
            _ => never("expected a boolean", "an expression that compares it"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("boolean")
    }

    /// Concatenation casts it to text, which is `true` or `false`; its own output is `t` or `f`.
    fn render(&self, expression: &str, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Plain(expression.to_owned())
    }
}
