//! `ip`: addresses of hosts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{mapping_of, never};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, PgType};

/// The kind `ip`: one IP address.
#[derive(Debug)]
pub(super) struct Ip;

impl Kind for Ip {
    fn name(&self) -> &'static str {
        "ip"
    }

    fn docs(&self) -> &'static str {
        "Addresses of hosts, of either version.\n\nA mask is left out, because the index refuses it.\n\n\
         Example: `client: ip`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["inet", "ip_address", "ipaddress"]
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Inet)
    }

    fn options(&self) -> &'static [&'static str] {
        &[
            "doc_values",
            "ignore_malformed",
            "index",
            "index_options",
            "meta",
            "null_value",
            "similarity",
            "store",
        ]
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match pg_type.base {
            BaseType::Inet => Acceptance::Exact,
            BaseType::Cidr => never("a network is a range of addresses", "`ip_range`"),
            _ => never("expected an IP address", "`keyword`, or an expression: `sql: \"x::inet\"`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of("ip")
    }

    fn render(&self, expression: &str, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(format!("to_json(host({expression}))"))
    }
}
