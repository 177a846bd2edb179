//! `binary`: bytes in base64.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `binary`: bytes as base64.
#[derive(Debug)]
pub(super) struct Binary;

impl Kind for Binary {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn docs(&self) -> &'static str {
        "Bytes in base64, kept and not searched.\n\nExample: `picture: binary`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["bytea", "blob", "bytes"]
    }

    fn options(&self) -> &'static [&'static str] {
        &["doc_values", "index", "index_options", "meta", "similarity", "store"]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Bytea => Acceptance::Exact,
            _ => never("expected bytes", "`keyword` or `text`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("binary")
    }

    /// `encode` breaks the line every 76 characters, which a JSON string cannot hold.
    fn render(&self, expression: &str, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(format!("'\"' || replace(encode({expression}, 'base64'), chr(10), '') || '\"'"))
    }
}
