//! The lock of the memory world: two indexes over four tables.

use flusso_schemas::lock::{Edge, Identity, IndexPlan, Lock};
use flusso_test_locks as locks;
use serde_json::json;

use super::tables::{Table, edges_of};

/// A lock whose indexes all go to these sinks; none means stdout.
pub(crate) fn lock_for(sinks: &[&str]) -> Lock {
    let mut lock =
        locks::lock("memory", vec![index_plan("customers", 0, sinks), index_plan("orders", 1, sinks)]);
    lock.source.manage = locks::manage_all();
    lock.sinks = sinks.iter().map(|name| locks::stdout_sink(name)).collect();
    let table = |table: &Table| locks::table(&table.name().to_string(), Identity::Full, &["id"]);
    lock.tables = Table::ALL.iter().map(table).collect();
    lock
}

fn index_plan(name: &str, position: usize, sinks: &[&str]) -> IndexPlan {
    let edge = |table: Table, is_own_key: bool| Edge {
        resolve: Some("select".to_owned()).filter(|_| table.name().name.as_str() != name),
        ..locks::edge(
            &table.name().to_string(),
            &[table.name().name.as_str()],
            &[if is_own_key { "id" } else { "parent" }],
            &[],
        )
    };
    let mut edges: Vec<(usize, Edge)> = Vec::new();
    for table in Table::ALL {
        let own = edges_of(table).iter().filter(|(index, ..)| *index == position);
        edges.extend(own.map(|(_, at, is_own_key)| (*at, edge(table, *is_own_key))));
    }
    edges.sort_by_key(|(at, _)| *at);
    IndexPlan {
        sinks: sinks.iter().map(|sink| (*sink).to_owned()).collect(),
        search_path: vec!["shop".to_owned()],
        body: json!({ "mappings": {} }),
        edges: edges.into_iter().map(|(_, edge)| edge).collect(),
        ..locks::index(name)
    }
}

/// Position of an index of the lock by its name.
pub(super) fn position_of(index: &IndexPlan) -> usize {
    usize::from(index.name != "customers")
}
