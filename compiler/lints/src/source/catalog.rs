//! Findings about facts that the lock relies on and the catalog no longer says.

use std::collections::BTreeSet;

use flusso_schemas::facts::{CatalogFacts, RelationFacts};
use flusso_schemas::lock::{ColumnFact, IndexPlan, Lock};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::report::Finding;

use super::relied_on::ReliedOn;
use crate::relied_on_column_changed;

/// Each difference once, whichever indexes rely on it, in the order of the lock.
pub fn drift(plan: &Lock, facts: &CatalogFacts) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for message in plan.indexes.iter().flat_map(|index| differences(index, facts)) {
        if seen.insert(message.clone()) {
            found.push(relied_on_column_changed::finding(message));
        }
    }
    found
}

fn differences(index: &IndexPlan, facts: &CatalogFacts) -> Vec<String> {
    let mut found = Vec::new();
    for edge in &index.edges {
        match facts.relations.get(&edge.table) {
            None => found.push(gone(&edge.table, facts)),
            Some(relation) => found.extend(
                edge.columns.iter().filter_map(|(name, fact)| column(&edge.table, relation, name, fact)),
            ),
        }
    }
    found.extend(labels(index, facts));
    found.extend(uniqueness(index, facts));
    found
}

fn gone(table: &TableName, facts: &CatalogFacts) -> String {
    match facts.server.names_elsewhere.get(&table.to_string()) {
        Some(schemas) => {
            format!("table `{table}` does not exist; schema `{}` has one of that name", schemas.join("`, `"))
        }
        None => format!("table `{table}` does not exist"),
    }
}

fn column(table: &TableName, relation: &RelationFacts, name: &Ident, fact: &ColumnFact) -> Option<String> {
    let Some(live) = relation.columns.iter().find(|column| column.name == name.as_str()) else {
        return Some(format!("column `{table}.{name}` does not exist; the lock relies on `{fact}`"));
    };
    let is = ColumnFact { pg_type: live.pg_type.clone(), not_null: live.not_null };
    let holds = ReliedOn::of(fact).holds(&live.pg_type, live.not_null);
    (!holds).then(|| format!("column `{table}.{name}` is `{is}`; the lock relies on `{fact}`"))
}

/// A label that is missing was dropped or renamed; one that was added harms nobody, unless the order
/// of those that were there changed with it.
fn labels(index: &IndexPlan, facts: &CatalogFacts) -> Vec<String> {
    let live = |name: &String| {
        facts.relations.values().filter_map(|each| each.enums.as_ref()).find_map(|all| all.get(name))
    };
    let mut found = Vec::new();
    for (name, relied) in &index.enums {
        let Some(live) = live(name) else {
            found.push(format!("no column has the type `{name}` any more"));
            continue;
        };
        let kept: Vec<&String> = live.iter().filter(|label| relied.contains(label)).collect();
        match relied.iter().find(|label| !live.contains(label)) {
            Some(label) => found.push(format!("enum `{name}` has no label `{label}`")),
            None if !kept.into_iter().eq(relied) => {
                found.push(format!("the labels of enum `{name}` are in another order"));
            }
            None => {}
        }
    }
    found
}

fn uniqueness(index: &IndexPlan, facts: &CatalogFacts) -> Vec<String> {
    let lists = index.unique.iter().flat_map(|(table, lists)| lists.iter().map(move |list| (table, list)));
    let unproven = lists.filter(|(table, list)| {
        facts.relations.get(*table).is_some_and(|relation| !is_unique(relation, list))
    });
    let say = |(table, list): (&TableName, &Vec<Ident>)| {
        let columns: Vec<&str> = list.iter().map(Ident::as_str).collect();
        format!("`{}` of `{table}` is no longer unique: no unique index covers it", columns.join("`, `"))
    };
    unproven.map(say).collect()
}

/// Whether a whole unique index is on columns of the list only.
fn is_unique(relation: &RelationFacts, list: &[Ident]) -> bool {
    let columns: Vec<&str> = list.iter().map(Ident::as_str).collect();
    relation.indexes.iter().any(|index| index.proves_unique(&columns))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, only, plan, table};
    use super::*;

    fn judged(change: impl FnOnce(&mut Lock, &mut CatalogFacts)) -> String {
        let (mut plan, mut facts) = (plan(&[]), facts());
        change(&mut plan, &mut facts);
        only(drift(&plan, &facts)).replace("relied-on-column-changed: ", "")
    }

    fn relation(facts: &mut CatalogFacts) -> &mut RelationFacts {
        facts.relations.get_mut(&table()).expect("the table")
    }

    #[test]
    fn a_column_that_differs_is_reported_once_with_both_sides() {
        let found = judged(|plan, facts| {
            plan.indexes.push(plan.indexes[0].clone());
            relation(facts).columns[1].pg_type = "numeric(14,2)".to_owned();
        });
        assert_eq!(
            found,
            "column `shop.orders.total` is `numeric(14,2) not null`; the lock relies on \
             `numeric(12,2) not null`"
        );
        let nullable = judged(|_, facts| relation(facts).columns[0].not_null = false);
        assert_eq!(nullable, "column `shop.orders.id` is `bigint`; the lock relies on `bigint not null`");
        let dropped = judged(|_, facts| drop(relation(facts).columns.pop()));
        assert_eq!(
            dropped,
            "column `shop.orders.total` does not exist; the lock relies on `numeric(12,2) not null`"
        );
    }

    #[test]
    fn a_table_that_moved_is_reported_with_its_schema() {
        let found = judged(|_, facts| {
            facts.relations.clear();
            facts.server.names_elsewhere.insert("shop.orders".to_owned(), vec!["old".to_owned()]);
        });
        assert_eq!(found, "table `shop.orders` does not exist; schema `old` has one of that name");
    }

    #[test]
    fn labels_may_be_added_but_not_go_or_change_their_order() {
        let with = |live: &[&str]| {
            judged(|plan, facts| {
                let strings = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
                plan.indexes[0].enums.insert("shop.status".to_owned(), strings(&["a", "b"]));
                relation(facts).enums = Some([("shop.status".to_owned(), strings(live))].into());
            })
        };
        assert_eq!(with(&["a", "x", "b", "c"]), "");
        assert_eq!(with(&["a", "c"]), "enum `shop.status` has no label `b`");
        assert_eq!(with(&["b", "a"]), "the labels of enum `shop.status` are in another order");
    }

    #[test]
    fn what_makes_a_to_one_one_must_still_be_unique() {
        let with = |columns: &[&str]| {
            judged(|plan, _| {
                let list = columns.iter().map(|name| Ident::new(*name)).collect();
                plan.indexes[0].unique.insert(table(), vec![list]);
            })
        };
        assert_eq!(with(&["id", "total"]), "");
        assert_eq!(
            with(&["total"]),
            "`total` of `shop.orders` is no longer unique: no unique index covers it"
        );
    }
}
