//! `ip_range`: networks in CIDR form.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `ip_range`: a network.
#[derive(Debug)]
pub(super) struct IpRange;

impl Kind for IpRange {
    fn name(&self) -> &'static str {
        "ip_range"
    }

    fn docs(&self) -> &'static str {
        "Networks, found by the addresses in them.\n\nExample: `allowed: ip_range`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["cidr", "network", "subnet"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Cidr)
    }

    fn options(&self) -> &'static [&'static str] {
        &["coerce", "doc_values", "index", "index_options", "locale", "meta", "similarity", "store"]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Cidr | BaseType::Inet => Acceptance::Exact,
            _ => never("expected a network", "`keyword`, or an expression: `sql: \"x::cidr\"`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("ip_range")
    }

    /// The cast always prints the prefix; a bare address is refused by the index.
    fn render(&self, expression: &str, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(format!("to_json({expression}::text)"))
    }
}
