//! Tables: whether they exist, and whether their rows can be read and their changes followed.

use std::sync::Arc;

use flusso_schemas::facts::RelationFacts;
use flusso_schemas::name::{Ident, TableName};

use super::Checker;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Table;
use crate::syntax::habits;
use crate::syntax::keys::{At, listed, not_supported};

impl Checker<'_> {
    /// The table of a name, where it exists; what is wrong with it is said once.
    pub(super) fn table(&mut self, name: &At<TableName>) -> Option<Arc<Table>> {
        let Some(facts) = self.facts.relations.get(&name.value) else {
            let diagnostic = self.unknown_table(name);
            self.push(diagnostic);
            return None;
        };
        if !self.places.contains_key(&name.value) {
            self.places.insert(name.value.clone(), name.place.clone());
            let mut found = self.judge(name, facts);
            self.diagnostics.append(&mut found);
        }
        Some(Arc::new(Table { name: name.value.clone(), facts: facts.clone() }))
    }

    fn unknown_table(&self, name: &At<TableName>) -> Diagnostic {
        let (schema, table) = (name.value.schema.as_str(), name.value.name.as_str());
        let message =
            format!("there is no table `{table}` in schema `{schema}`, so there are no rows to read");
        let diagnostic = Diagnostic::deny("unknown-table", name.place.clone(), message);
        let elsewhere =
            self.facts.server.names_elsewhere.get(&name.value.to_string()).cloned().unwrap_or_default();
        let here: Vec<TableName> =
            self.facts.server.tables_near.iter().filter_map(|text| text.parse().ok()).collect();
        let here =
            here.iter().chain(self.facts.relations.keys()).filter(|each| each.schema == name.value.schema);
        let near = habits::close(table, here.map(|each| each.name.as_str()));
        let mut near: Vec<String> =
            near.into_iter().map(|near| self.short(&TableName::new(schema, near))).collect();
        near.dedup();
        let of_that_name = elsewhere.iter().map(|schema| TableName::new(schema, table).to_string());
        let choices: Vec<String> = near.iter().cloned().chain(of_that_name).take(3).collect();
        let mut diagnostic = diagnostic;
        for schema in &elsewhere {
            diagnostic = diagnostic.note(format!("`{}` is in another schema", TableName::new(schema, table)));
        }
        match choices.as_slice() {
            [] => diagnostic.help("create the table, or correct its name"),
            [one] => diagnostic.help(format!("write `{one}`")).fix(name.place.clone(), one.clone()),
            several => diagnostic.help(format!("write {}", listed(several, "or"))),
        }
    }

    /// What stands in the way of reading a table and following its changes.
    fn judge(&self, name: &At<TableName>, facts: &RelationFacts) -> Vec<Diagnostic> {
        let (short, place) = (self.short(&name.value), &name.place);
        let mut found: Vec<Diagnostic> = what_it_is(&name.value, &short, place, facts).into_iter().collect();
        if found.is_empty() {
            found.extend(inheritance(&name.value, &short, place, facts));
        }
        found.extend(privileges(&self.facts.server.role.name, &name.value, &short, place, facts));
        found
    }
}

fn what_it_is(name: &TableName, short: &str, place: &Place, facts: &RelationFacts) -> Option<Diagnostic> {
    let not_a_table = |what: &str| {
        Diagnostic::deny(
            "relation-not-a-table",
            place.clone(),
            format!("`{short}` is {what}: postgres sends no changes for it"),
        )
    };
    if is_of_the_system(name) {
        return Some(not_a_table("a table of postgres itself").help("name a table of your own"));
    }
    if let Some(marked) = marked(name, facts) {
        let message =
            format!("`{marked}` holds a mark of flusso's own queries, so no query can read `{short}`");
        return Some(
            Diagnostic::deny("reserved-name", place.clone(), message)
                .help("give it a name without `{rows:` and `{range:`"),
        );
    }
    Some(match (facts.kind.as_str(), facts.persistence.as_str()) {
        ("v", _) => not_a_table("a view").help("name the table it reads"),
        ("m", _) => not_a_table("a materialized view").help("name the table it reads"),
        ("f", _) => not_a_table("a foreign table").help("index it where it lives"),
        ("p", _) => not_supported(place.clone(), &format!("a partitioned table such as `{short}`")),
        ("r", "u") => Diagnostic::deny(
            "unlogged-table",
            place.clone(),
            format!("`{short}` is unlogged: postgres refuses to publish it"),
        )
        .help(format!("run `alter table {name} set logged`")),
        ("r", "t") => not_a_table("a temporary table").help("name a permanent table"),
        ("r", _) if facts.is_partition => {
            not_supported(place.clone(), &format!("a partition of a table such as `{short}`"))
        }
        ("r", _) => return None,
        (_, _) => not_a_table("no table").help("name a table"),
    })
}

/// Postgres publishes no changes of its own catalogs, and lets no user's schema begin with `pg_`.
fn is_of_the_system(name: &TableName) -> bool {
    let schema = name.schema.as_str();
    schema.starts_with("pg_") || schema == "information_schema"
}

/// A name that a query of the lock could not hold.
fn marked<'a>(name: &'a TableName, facts: &'a RelationFacts) -> Option<&'a str> {
    let columns = facts.columns.iter().map(|column| column.name.as_str());
    let mut names = [name.schema.as_str(), name.name.as_str()].into_iter().chain(columns);
    names.find(|name| ["{rows:", "{range:"].iter().any(|mark| name.contains(mark)))
}

/// Children that are no partitions: their rows show in the parent, their changes do not.
fn inheritance(name: &TableName, short: &str, place: &Place, facts: &RelationFacts) -> Option<Diagnostic> {
    if facts.inherits {
        let message =
            format!("`{short}` inherits from another table, whose changes and whose rows are not its own");
        let help = "name a table that stands by itself, or end the inheritance";
        return Some(inherited(name, place, message, help));
    }
    let children = facts.children.as_deref().unwrap_or_default();
    let names: Vec<&str> =
        children.iter().filter(|child| !child.partition).map(|child| child.name.as_str()).collect();
    let first = names.first()?;
    let message =
        format!("rows of `{first}` appear in `{short}`, which it inherits from, but change without an event");
    let help = format!("index {} apart from it, or end the inheritance", listed(&names, "and"));
    Some(inherited(name, place, message, &help))
}

fn inherited(name: &TableName, place: &Place, message: String, help: &str) -> Diagnostic {
    let about = format!("table:{name}");
    Diagnostic::deny("inherited-table", place.clone(), message).about(about).help(help)
}

fn privileges(
    role: &str,
    name: &TableName,
    short: &str,
    place: &Place,
    facts: &RelationFacts,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let grantee = Ident::new(role);
    if !facts.usage || !facts.select {
        let grant = if facts.usage {
            format!("grant select on {name} to {grantee}")
        } else {
            format!("grant usage on schema {} to {grantee}; grant select on {name} to {grantee}", name.schema)
        };
        let message = format!("role `{role}` may not read `{short}`");
        found.push(
            Diagnostic::deny("missing-select-privilege", place.clone(), message)
                .help(format!("run `{grant}`")),
        );
    }
    if facts.rls_active {
        let message = format!(
            "rows of `{short}` that row security hides from role `{role}` would be deleted from the index"
        );
        found.push(
            Diagnostic::deny("row-level-security", place.clone(), message)
                .help(format!("run `alter role {grantee} bypassrls`")),
        );
    }
    found
}
