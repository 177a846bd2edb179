//! Time zones: the server says which it knows.

use serde_json::Value as Json;

use super::Checker;
use crate::model::Table;
use crate::syntax::scalar::{ParsedScalar, unknown_zone};

impl Checker<'_> {
    /// Whether the server knows the zone of a `timestamp`. A literal is read when its statement is prepared, so
    /// that this fails at once; `at time zone` would fail for every row instead.
    pub(super) fn zone_is_known(&mut self, written: &ParsedScalar, table: &Table) -> bool {
        let Some(zone) = written.parameters.get("zone").and_then(Json::as_str) else { return true };
        let place = written.parameter_places.get("zone").unwrap_or(&written.place).clone();
        let literal = format!("timestamptz '2000-01-01 00:00:00 {zone}' is not null");
        let Some(Err(error)) = self.prepared_condition(&literal, table) else { return true };
        let diagnostic = unknown_zone(zone, place).note(format!("postgres: {}", error.message));
        self.push(diagnostic);
        false
    }
}
