//! Findings about captured tables: what they are, what we may read, and what their old rows carry.

use flusso_schemas::facts::{CatalogFacts, RelationFacts};
use flusso_schemas::lock::{Lock, Manage, TablePlan};
use flusso_schemas::report::Finding;

use super::deny;
use crate::quote::{identifier, quoted};
use crate::{identity, publication};

/// Findings about each captured table that exists; of one that is no plain table only that is said.
pub(super) fn findings(plan: &Lock, facts: &CatalogFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    for table in &plan.tables {
        let Some(relation) = facts.relations.get(&table.name) else { continue };
        match not_a_plain_table(table, relation) {
            Some(finding) => found.push(finding),
            None => {
                found.extend(inherited(table, relation));
                found.extend(readable(table, relation, facts));
                found.extend(row_security(table, relation, facts));
                found.extend(identity_finding(plan, table, relation, facts));
                found.extend(published(plan, table, relation, facts));
            }
        }
    }
    found
}

fn not_a_plain_table(table: &TablePlan, relation: &RelationFacts) -> Option<Finding> {
    let name = &table.name;
    let not_a_table = |what: &str| {
        deny("relation-not-a-table", format!("`{name}` is {what}: postgres sends no changes for it"))
            .with_help("name the table behind it")
    };
    Some(match (relation.kind.as_str(), relation.persistence.as_str()) {
        ("v", _) => not_a_table("a view"),
        ("m", _) => not_a_table("a materialized view"),
        ("f", _) => not_a_table("a foreign table"),
        ("p", _) => {
            deny("partitioned-table", format!("`{name}` is partitioned, which flusso does not follow yet"))
        }
        (_, "t") => not_a_table("a temporary table"),
        (_, "u") => deny("unlogged-table", format!("`{name}` is unlogged: postgres refuses to publish it"))
            .with_help(format!("run `alter table {} set logged`", quoted(name))),
        _ if relation.is_partition => deny(
            "partitioned-table",
            format!("`{name}` is one partition of a table: rows that move out look deleted"),
        ),
        _ => return None,
    })
}

fn inherited(table: &TablePlan, relation: &RelationFacts) -> Option<Finding> {
    let name = &table.name;
    let is_inherited = relation.inherits || relation.children.iter().flatten().next().is_some();
    is_inherited.then(|| {
        let message =
            format!("rows of other tables appear in `{name}` by inheritance, and change without an event");
        deny("inherited-table", message).about(format!("table:{name}"))
    })
}

fn readable(table: &TablePlan, relation: &RelationFacts, facts: &CatalogFacts) -> Option<Finding> {
    let (name, role) = (&table.name, &facts.server.role.name);
    let grant = if !relation.usage {
        format!("grant usage on schema {} to {}", identifier(name.schema.as_str()), identifier(role))
    } else if !relation.select {
        format!("grant select on {} to {}", quoted(name), identifier(role))
    } else {
        return None;
    };
    Some(
        deny("missing-select-privilege", format!("role `{role}` may not read `{name}`"))
            .with_help(format!("run `{grant}`")),
    )
}

fn row_security(table: &TablePlan, relation: &RelationFacts, facts: &CatalogFacts) -> Option<Finding> {
    let (name, role) = (&table.name, &facts.server.role.name);
    relation.rls_active.then(|| {
        let message = format!(
            "rows of `{name}` that row security hides from role `{role}` would be deleted from the index"
        );
        deny("row-level-security", message)
            .with_help(format!("run `alter role {} bypassrls`", identifier(role)))
    })
}

fn identity_finding(
    plan: &Lock,
    table: &TablePlan,
    relation: &RelationFacts,
    facts: &CatalogFacts,
) -> Option<Finding> {
    if identity::suffices(table, relation) {
        return None;
    }
    let name = &table.name;
    if plan.source.manage.contains(&Manage::ReplicaIdentity) {
        if let Some(why) = identity::obstacle(table, relation) {
            let message = format!("old rows of `{name}` cannot carry what is needed: {why}");
            let help = "run `flusso compile` against this database";
            return Some(deny("unusable-replica-identity", message).with_help(help));
        }
        return (!relation.owned)
            .then(|| not_ours(table, facts, "set the replica identity of", identity::statement(table)));
    }
    let help = format!("run `{}`, or manage `replica_identity`", identity::statement(table));
    let finding = if identity::carried(relation).is_none() {
        let message = format!(
            "publishing `{name}` makes every update and delete on it fail: it has no replica identity"
        );
        deny("unusable-replica-identity", message)
    } else {
        let lacking = identity::lacking(table, relation).join("`, `");
        let message = format!(
            "a deleted or moved row of `{name}` would leave documents stale: its change \
             does not hold `{lacking}`"
        );
        deny("child-delete-unseen", message)
    };
    Some(finding.with_help(help))
}

fn published(
    plan: &Lock,
    table: &TablePlan,
    relation: &RelationFacts,
    facts: &CatalogFacts,
) -> Option<Finding> {
    let (name, publication) = (&table.name, &plan.source.publication);
    let found = publication::of(facts, publication);
    let membership = publication::membership(facts, publication, name);
    let narrowed = membership.is_some_and(publication::is_narrowed);
    if membership.is_some() && !narrowed {
        return None;
    }
    if plan.source.manage.contains(&Manage::Publication) {
        let ours = relation.owned && found.is_none_or(|found| found.owned);
        let statement = publication::add(publication, &[name]);
        return (!ours).then(|| not_ours(table, facts, "change how a publication holds", statement));
    }
    // That there is no publication at all is said once.
    found?;
    Some(match membership {
        Some(membership) if membership.filtered => {
            deny("publication-row-filter", format!("publication `{publication}` hides rows of `{name}`"))
        }
        Some(_) => {
            let message = format!(
                "publication `{publication}` sends only some columns of `{name}`: a later change \
                 of its key makes the application's updates fail"
            );
            deny("publication-column-list", message)
        }
        None => {
            let message = format!(
                "changes of `{name}` would never arrive: publication `{publication}` does not hold it"
            );
            deny("table-not-published", message).with_help(format!(
                "run `{}`, or manage `publication`",
                publication::add(publication, &[name])
            ))
        }
    })
}

fn not_ours(table: &TablePlan, facts: &CatalogFacts, action: &str, statement: String) -> Finding {
    let (name, role) = (&table.name, &facts.server.role.name);
    deny(
        "publication-not-ours-to-change",
        format!("role `{role}` cannot {action} `{name}`: it does not own it"),
    )
    .with_help(format!("let its owner run `{statement}`"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, only, plan, table};
    use super::*;

    fn judged(manage: &[Manage], change: impl FnOnce(&mut RelationFacts)) -> String {
        let mut facts = facts();
        change(facts.relations.get_mut(&table()).expect("the table"));
        only(findings(&plan(manage), &facts))
    }

    #[test]
    fn only_plain_tables_are_followed() {
        for (kind, persistence, lint) in [
            ("v", "p", "relation-not-a-table"),
            ("m", "p", "relation-not-a-table"),
            ("f", "p", "relation-not-a-table"),
            ("p", "p", "partitioned-table"),
            ("r", "u", "unlogged-table"),
        ] {
            let found = judged(&[], |relation| {
                relation.kind = kind.to_owned();
                relation.persistence = persistence.to_owned();
                // Anything else about it would follow from this.
                relation.select = false;
            });
            assert!(found.starts_with(&format!("{lint}: ")), "{found}");
        }
        assert!(judged(&[], |relation| relation.inherits = true).starts_with("inherited-table: "));
        assert!(judged(&[], |relation| relation.is_partition = true).starts_with("partitioned-table: "));
    }

    #[test]
    fn rows_that_we_may_not_see_are_told() {
        let unreadable = judged(&[], |relation| relation.select = false);
        assert_eq!(unreadable, "missing-select-privilege: role `sync` may not read `shop.orders`");
        assert!(judged(&[], |relation| relation.rls_active = true).starts_with("row-level-security: "));
    }

    #[test]
    fn an_identity_that_is_too_weak_is_set_or_told() {
        let nothing = |relation: &mut RelationFacts| relation.identity = "n".to_owned();
        assert!(judged(&[], nothing).starts_with("unusable-replica-identity: publishing `shop.orders`"));
        assert_eq!(judged(&[Manage::ReplicaIdentity], nothing), "");
        let other_key =
            |relation: &mut RelationFacts| relation.indexes[0].columns = vec![Some("total".to_owned())];
        assert!(judged(&[], other_key).starts_with("child-delete-unseen: "));
        assert!(
            judged(&[Manage::ReplicaIdentity], other_key).starts_with("unusable-replica-identity: old rows")
        );
        let not_owned = |relation: &mut RelationFacts| {
            relation.identity = "n".to_owned();
            relation.owned = false;
        };
        let found = judged(&[Manage::ReplicaIdentity], not_owned);
        assert!(found.starts_with("publication-not-ours-to-change: "), "{found}");
    }

    #[test]
    fn a_table_must_be_published_as_a_whole() {
        let unpublished = |relation: &mut RelationFacts| relation.published.clear();
        assert!(judged(&[], unpublished).starts_with("table-not-published: "));
        assert_eq!(judged(&[Manage::Publication], unpublished), "");
        let filtered = |relation: &mut RelationFacts| relation.published[0].filtered = true;
        assert!(judged(&[], filtered).starts_with("publication-row-filter: "));
        let listed =
            |relation: &mut RelationFacts| relation.published[0].columns = Some(vec!["id".to_owned()]);
        assert!(judged(&[], listed).starts_with("publication-column-list: "));
        let someone_elses = |relation: &mut RelationFacts| {
            relation.published.clear();
            relation.owned = false;
        };
        assert!(
            judged(&[Manage::Publication], someone_elses).starts_with("publication-not-ours-to-change: ")
        );
    }
}
