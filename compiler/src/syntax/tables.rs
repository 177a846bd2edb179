//! The tables that an index file names.

use std::collections::BTreeSet;

use flusso_schemas::name::TableName;

use super::field::{ParsedField, ParsedForm, ParsedShape};
use super::index::ParsedIndex;
use super::relation::Path;

impl ParsedIndex {
    /// Every table that it names: its root, and those of its relations and of the steps to them.
    pub fn tables(&self) -> BTreeSet<TableName> {
        let mut names: BTreeSet<TableName> = self.table.iter().map(|table| table.value.clone()).collect();
        tables_of_fields(&self.fields, &mut names);
        names
    }
}

fn tables_of_fields(fields: &[ParsedField], names: &mut BTreeSet<TableName>) {
    for field in fields {
        match &field.form {
            Some(ParsedForm::SameRow { fields, .. }) => tables_of_fields(fields, names),
            Some(ParsedForm::Relation(relation)) => {
                tables_of_path(&relation.path, names);
                if let ParsedShape::Object { fields, .. } = &relation.shape {
                    tables_of_fields(fields, names);
                }
            }
            Some(ParsedForm::Aggregate(aggregate)) => tables_of_path(&aggregate.path, names),
            Some(ParsedForm::Scalar(_) | ParsedForm::Constant { .. }) | None => {}
        }
    }
}

fn tables_of_path(path: &Path, names: &mut BTreeSet<TableName>) {
    names.insert(path.target.value.clone());
    names.extend(path.through.iter().map(|hop| hop.table.value.clone()));
}
