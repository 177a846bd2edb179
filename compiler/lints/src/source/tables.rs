//! Captured tables: what they are, what we may read, what their old rows hold, and whether they are published.

use flusso_schemas::facts::{CatalogFacts, RelationFacts};
use flusso_schemas::lock::{Manage, SourcePlan, TablePlan};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::report::Finding;

use super::{SourceNeeds, identity, publication};
use crate::{
    child_delete_unseen, generated_identity, inherited_table, missing_select_privilege, not_supported_yet,
    publication_column_list, publication_not_ours_to_change, publication_row_filter, relation_not_a_table,
    reserved_name, row_level_security, table_not_published, unlogged_table, unusable_replica_identity,
};

/// What keeps a table from being read or captured; empty for one that does not exist.
pub fn table(name: &TableName, facts: &CatalogFacts) -> Vec<Finding> {
    let Some(relation) = facts.relations.get(name) else { return Vec::new() };
    let mut found: Vec<Finding> =
        not_an_ordinary_table(name, relation).or_else(|| inheritance(name, relation)).into_iter().collect();
    found.extend(privileges(&facts.server.role.name, name, relation));
    found
}

/// What keeps changes of captured tables from arriving whole. A table that [`table`] rules out is left out.
pub(super) fn capture(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (plan, readers) in &needs.tables {
        let Some(relation) = facts.relations.get(&plan.name) else { continue };
        if not_an_ordinary_table(&plan.name, relation).is_none() {
            found.extend(generated(plan, relation));
            found.extend(replica_identity(needs.source, plan, readers, relation, facts));
            found.extend(published(needs.source, plan, relation, facts));
        }
    }
    found
}

pub(super) fn not_an_ordinary_table(name: &TableName, relation: &RelationFacts) -> Option<Finding> {
    let not_a_table = |what: &str, help: &str| Some(relation_not_a_table::finding(name, what, help));
    if is_of_the_system(name) {
        return not_a_table("a table of Postgres itself", "name a table of your own");
    }
    if let Some(marked) = marked(name, relation) {
        return Some(reserved_name::table(name, marked));
    }
    match (relation.kind.as_str(), relation.persistence.as_str()) {
        ("v", _) => not_a_table("a view", "name the table that the view reads"),
        ("m", _) => not_a_table("a materialized view", "name the table that the view reads"),
        ("f", _) => not_a_table("a foreign table", "index it on the server that it is stored on"),
        ("p", _) => Some(not_supported_yet::table(name, "is partitioned")),
        ("r", "u") => Some(unlogged_table::finding(name)),
        ("r", "t") => not_a_table("a temporary table", "name a permanent table"),
        ("r", _) if relation.is_partition => {
            Some(not_supported_yet::table(name, "is a partition of another table"))
        }
        ("r", _) => None,
        (_, _) => not_a_table("not a table", "name a table"),
    }
}

/// Postgres publishes no changes of its own catalogs, and lets no user's schema begin with `pg_`.
fn is_of_the_system(name: &TableName) -> bool {
    let schema = name.schema.as_str();
    schema.starts_with("pg_") || schema == "information_schema"
}

/// A name that cannot be used in a query of the lock, because it resembles a placeholder.
fn marked<'a>(name: &'a TableName, relation: &'a RelationFacts) -> Option<&'a str> {
    let columns = relation.columns.iter().map(|column| column.name.as_str());
    let mut names = [name.schema.as_str(), name.name.as_str()].into_iter().chain(columns);
    names.find(|name| ["{rows:", "{range:"].iter().any(|mark| name.contains(mark)))
}

/// Children that are not partitions: their rows show in the parent, their changes do not.
fn inheritance(name: &TableName, relation: &RelationFacts) -> Option<Finding> {
    if relation.inherits {
        return Some(inherited_table::child(name));
    }
    let children = relation.children.iter().flatten().filter(|child| !child.partition);
    let children: Vec<&str> = children.map(|child| child.name.as_str()).collect();
    (!children.is_empty()).then(|| inherited_table::parent(name, &children))
}

fn privileges(role: &str, name: &TableName, relation: &RelationFacts) -> Vec<Finding> {
    let readable = match (relation.usage, relation.select) {
        (false, may_read) => Some(missing_select_privilege::schema(role, name, may_read)),
        (true, false) => Some(missing_select_privilege::table(role, name)),
        (true, true) => None,
    };
    let hidden = relation.rls_active.then(|| row_level_security::finding(role, name));
    readable.into_iter().chain(hidden).collect()
}

/// A generated column is not part of the stream, whatever the identity says: from Postgres 18 on a publication can send
/// stored ones, but only where it says so, and ours does not.
fn generated(plan: &TablePlan, relation: &RelationFacts) -> Option<Finding> {
    let is_generated = |name: &&Ident| {
        relation.columns.iter().any(|column| column.name == name.as_str() && !column.generated.is_empty())
    };
    let column = plan.identity_holds.iter().find(is_generated)?;
    Some(generated_identity::finding(&plan.name, column.as_str()))
}

pub(super) fn replica_identity(
    source: &SourcePlan,
    plan: &TablePlan,
    readers: &[&str],
    relation: &RelationFacts,
    facts: &CatalogFacts,
) -> Option<Finding> {
    if identity::suffices(plan, relation) {
        return None;
    }
    let (name, role, statement) = (&plan.name, &facts.server.role, identity::statement(plan));
    if source.manage.contains(&Manage::ReplicaIdentity) {
        if let Some(why) = identity::obstacle(plan, relation) {
            return Some(unusable_replica_identity::obstacle(name, &why));
        }
        let is_ours = relation.owned || role.superuser;
        return (!is_ours)
            .then(|| publication_not_ours_to_change::replica_identity(&role.name, name, &statement));
    }
    Some(match identity::carried(relation) {
        None => unusable_replica_identity::none(name, &statement),
        Some(holds) => {
            let holds: Vec<&str> = holds.into_iter().collect();
            let lacks = identity::lacking(plan, relation);
            child_delete_unseen::finding(name, &holds, &lacks, readers, &statement)
        }
    })
}

pub(super) fn published(
    source: &SourcePlan,
    plan: &TablePlan,
    relation: &RelationFacts,
    facts: &CatalogFacts,
) -> Option<Finding> {
    let (name, publication) = (&plan.name, &source.publication);
    let found = publication::of(facts, publication);
    let membership = publication::membership(facts, publication, name);
    if membership.is_some_and(|membership| !publication::is_narrowed(membership)) {
        return None;
    }
    let add = publication::add(publication, &[name]);
    // Somebody set it on purpose, so it is never changed without asking.
    if membership.is_some_and(|membership| membership.filtered) {
        let drop = publication::remove(publication, name);
        return Some(publication_row_filter::finding(publication, name, &format!("{drop}; {add}")));
    }
    if source.manage.contains(&Manage::Publication) {
        let role = &facts.server.role;
        // One that does not exist has one finding for all tables.
        let is_ours = role.superuser || found.is_none_or(|found| relation.owned && found.owned);
        return (!is_ours)
            .then(|| publication_not_ours_to_change::member(&role.name, name, publication, &add));
    }
    // A missing publication has one finding for all tables.
    found?;
    Some(match membership {
        None => table_not_published::finding(publication, name, &add),
        Some(_) => publication_column_list::finding(publication, name),
    })
}
