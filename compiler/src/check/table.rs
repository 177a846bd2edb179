//! Tables: whether they exist, and whether their rows can be read and their changes followed.

use std::sync::Arc;

use flusso_schemas::name::TableName;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::Table;
use crate::syntax::keys::At;
use flusso_lints::{source, unknown_table};

impl Checker<'_> {
    /// The table of a name, if it exists; its problems are reported once.
    pub(super) fn table(&mut self, name: &At<TableName>) -> Option<Arc<Table>> {
        let Some(facts) = self.facts.relations.get(&name.value) else {
            let diagnostic = self.unknown_table(name);
            self.push(diagnostic);
            return None;
        };
        if !self.places.contains_key(&name.value) {
            self.places.insert(name.value.clone(), name.place.clone());
            let found = source::table(&name.value, self.facts);
            self.diagnostics
                .extend(found.into_iter().map(|finding| Diagnostic::placed(finding, name.place.clone())));
        }
        Some(Arc::new(Table { name: name.value.clone(), facts: facts.clone() }))
    }

    fn unknown_table(&self, name: &At<TableName>) -> Diagnostic {
        let (schema, table) = (name.value.schema.as_str(), name.value.name.as_str());
        let elsewhere =
            self.facts.server.names_elsewhere.get(&name.value.to_string()).cloned().unwrap_or_default();
        let here: Vec<TableName> =
            self.facts.server.tables_near.iter().filter_map(|text| text.parse().ok()).collect();
        let here =
            here.iter().chain(self.facts.relations.keys()).filter(|each| each.schema == name.value.schema);
        let near = flusso_lints::words::close(table, here.map(|each| each.name.as_str()));
        let mut near: Vec<String> =
            near.into_iter().map(|near| self.short(&TableName::new(schema, near))).collect();
        near.dedup();
        let elsewhere: Vec<String> =
            elsewhere.iter().map(|schema| TableName::new(schema, table).to_string()).collect();
        unknown_table::finding(schema, table, &near, &elsewhere, name.place.clone())
    }
}
