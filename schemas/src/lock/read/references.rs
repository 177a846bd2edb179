//! What blocks say about each other: which sinks and tables there are, and which facts and
//! navigation columns the edges of all indexes name.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Lock;
use super::super::codec::in_order;
use super::super::index::{ColumnFact, IndexPlan};
use super::places::Places;
use super::problem::{Problem, Result};
use crate::name::{Ident, TableName};

/// Checks a lock whose blocks are each right.
pub(super) fn check(lock: &Lock, places: &Places) -> Result<()> {
    let at = |name: &'static str| places.blocks(name).iter().map(|places| places.at);
    in_order(lock.sinks.iter().map(|sink| &sink.name).zip(at("sink")))?;
    in_order(lock.tables.iter().map(|table| &table.name).zip(at("table")))?;
    in_order(lock.indexes.iter().map(|index| &index.name).zip(at("index")))?;
    check_aliases(lock, places)?;
    let mut facts = BTreeMap::new();
    for (index, places) in lock.indexes.iter().zip(places.blocks("index")) {
        check_names(lock, index, places)?;
        check_facts(index, places, &mut facts)?;
    }
    check_navigation(lock, places)
}

fn check_aliases(lock: &Lock, places: &Places) -> Result<()> {
    let mut indexes: BTreeMap<&str, &str> = BTreeMap::new();
    for (index, places) in lock.indexes.iter().zip(places.blocks("index")) {
        if let Some(other) = indexes.insert(&index.alias, &index.name) {
            let message = format!("duplicate alias `{}`: `[[index]] {other}` has it too", index.alias);
            return Err(Problem::new(places.of("alias"), message));
        }
    }
    Ok(())
}

/// The sinks of an index and the tables of its edges have blocks.
fn check_names(lock: &Lock, index: &IndexPlan, places: &Places) -> Result<()> {
    let has_sink = |name: &&String| lock.sinks.iter().any(|sink| sink.name == **name);
    if let Some(name) = index.sinks.iter().find(|name| !has_sink(name)) {
        return Err(Problem::new(
            places.of("sinks"),
            format!("unknown sink `{name}`: no `[[sink]]` has this name"),
        ));
    }
    for (edge, places) in index.edges.iter().zip(places.blocks("edge")) {
        if lock.tables.binary_search_by(|table| table.name.cmp(&edge.table)).is_err() {
            let message = format!("unknown table `{}`: no `[[table]]` has this name", edge.table);
            return Err(Problem::new(places.of("table"), message));
        }
    }
    Ok(())
}

/// Every edge says the same about a column.
fn check_facts<'a>(
    index: &'a IndexPlan,
    places: &Places,
    facts: &mut BTreeMap<(&'a TableName, &'a Ident), &'a ColumnFact>,
) -> Result<()> {
    for (edge, places) in index.edges.iter().zip(places.blocks("edge")) {
        for (column, fact) in &edge.columns {
            let known = *facts.entry((&edge.table, column)).or_insert(fact);
            if known != fact {
                let table = &edge.table;
                let message = format!("`{table}.{column}` is `{fact}` here and `{known}` in another edge");
                return Err(Problem::new(places.of("columns"), message));
            }
        }
    }
    Ok(())
}

/// Each table is followed, and its old rows hold what leads away.
fn check_navigation(lock: &Lock, places: &Places) -> Result<()> {
    let mut navigation: BTreeMap<&TableName, BTreeSet<&Ident>> = BTreeMap::new();
    for edge in lock.indexes.iter().flat_map(|index| &index.edges) {
        navigation.entry(&edge.table).or_default().extend(&edge.navigation);
    }
    for (table, places) in lock.tables.iter().zip(places.blocks("table")) {
        let name = &table.name;
        let Some(needed) = navigation.get(name) else {
            return Err(Problem::new(places.at, format!("no index has an edge from `{name}`")));
        };
        if !needed.iter().copied().eq(&table.identity_holds) {
            let needed: Vec<String> = needed.iter().map(|column| format!("`{column}`")).collect();
            let message = format!(
                "`identity_holds` of `{name}` differs from what its edges navigate by: {}",
                needed.join(", ")
            );
            return Err(Problem::new(places.of("identity_holds"), message));
        }
    }
    Ok(())
}
