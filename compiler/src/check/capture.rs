//! Following changes: what the server, the publication and each table's replica identity must be so that no
//! change is missed and no writer's statement fails. The rules are those of the runtime's preflight; here they get places.

use flusso_lints::source::{self, SourceNeeds};
use flusso_schemas::lock::{SourcePlan, TablePlan};
use flusso_schemas::report::Finding;

use super::Checker;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Checked;
use crate::plan;

impl Checker<'_> {
    /// What prevents following the changes of a project that is otherwise right.
    pub(super) fn capture(&mut self, checked: &Checked, source_place: &Place) {
        let needed = plan::needed_identities(checked);
        let readers: Vec<Vec<String>> =
            needed.values().map(|needed| needed.indexes.iter().cloned().collect()).collect();
        let plans: Vec<TablePlan> = needed.into_iter().map(|(name, needed)| needed.plan(name)).collect();
        let readers = readers.iter().map(|names| names.iter().map(String::as_str).collect());
        let needs = SourceNeeds { source: &checked.source, tables: plans.iter().zip(readers).collect() };
        let mut found = source::server(&needs, self.facts);
        found.extend(source::capture(&needs, self.facts));
        let found = found.into_iter().map(|finding| {
            let place = self.place_of(&finding, &plans).unwrap_or_else(|| source_place.clone());
            Diagnostic::placed(finding, place)
        });
        let found: Vec<Diagnostic> = found.collect();
        self.diagnostics.extend(found);
    }

    /// What prevents following any change, whatever else is wrong with the project.
    pub(super) fn server(&mut self, source: &SourcePlan, source_place: &Place) {
        let found = source::whatever_the_tables(source, self.facts).into_iter();
        self.diagnostics.extend(found.map(|finding| Diagnostic::placed(finding, source_place.clone())));
    }

    /// Where the table that a finding is about was named first; none for the server.
    fn place_of(&self, finding: &Finding, plans: &[TablePlan]) -> Option<Place> {
        let about = finding.about.as_deref()?.strip_prefix("table:")?;
        let table = plans.iter().find(|plan| plan.name.to_string() == about)?;
        self.places.get(&table.name).cloned()
    }
}
