//! Whether tombstones may have been lost, by the term and allocation of each primary.
//!
//! Rule *tombstones* of docs/correctness.md.

use std::collections::BTreeMap;

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::limits::GC_DELETES_MS;
use flusso_runtime::sink::ShardMarks;
use serde::Deserialize;

use crate::answer::gone;
use crate::client::Client;
use crate::settings::time_ms;
use crate::shape::{ATTEMPTS_MAX, Shape, Shapes, is_durable, not_started};
use crate::transport::segment;

const FILTER: &str = "metadata.indices.*.primary_terms,metadata.indices.*.settings.index.gc_deletes,\
    metadata.indices.*.settings.index.translog.durability,routing_table.indices.*.shards.*.primary,\
    routing_table.indices.*.shards.*.state,routing_table.indices.*.shards.*.allocation_id";

#[derive(Deserialize)]
struct ClusterState {
    #[serde(default)]
    metadata: Indices<Metadata>,
    #[serde(default)]
    routing_table: Indices<RoutingTable>,
}

#[derive(Deserialize)]
struct Indices<T> {
    indices: BTreeMap<String, T>,
}

impl<T> Default for Indices<T> {
    fn default() -> Self {
        Self { indices: BTreeMap::new() }
    }
}

#[derive(Deserialize)]
struct Metadata {
    primary_terms: BTreeMap<u32, u64>,
    #[serde(default)]
    settings: Settings,
}

#[derive(Default, Deserialize)]
struct Settings {
    #[serde(default)]
    index: IndexSettings,
}

#[derive(Default, Deserialize)]
struct IndexSettings {
    gc_deletes: Option<String>,
    #[serde(default)]
    translog: Translog,
}

#[derive(Default, Deserialize)]
struct Translog {
    durability: Option<String>,
}

#[derive(Deserialize)]
struct RoutingTable {
    shards: BTreeMap<u32, Vec<Copy>>,
}

#[derive(Deserialize)]
struct Copy {
    primary: bool,
    state: String,
    allocation_id: Option<AllocationId>,
}

#[derive(Deserialize)]
struct AllocationId {
    id: String,
}

/// Reads the marks of a generation, waiting for primaries that are starting.
/// [`ErrorKind::Drift`] where deletes are remembered for another time than versions rely on.
pub(crate) async fn read(client: &Client, shapes: &Shapes, name: &str) -> Result<ShardMarks> {
    let path = format!("/_cluster/state/metadata,routing_table/{}?filter_path={FILTER}", segment(name));
    for attempt in 1..=ATTEMPTS_MAX {
        let answered = client.get(&path).await?;
        if answered.is_missing() {
            return Err(gone(name));
        }
        let mut state: ClusterState = answered.json("the cluster's state")?;
        let metadata = state.metadata.indices.remove(name).ok_or_else(|| gone(name))?;
        check_gc_deletes(name, metadata.settings.index.gc_deletes.as_deref())?;
        let durable = is_durable(metadata.settings.index.translog.durability.as_deref());
        shapes.put(name, Shape { shards: metadata.primary_terms.len(), durable });
        let routing = state.routing_table.indices.remove(name);
        if let Some(marks) = routing.and_then(|routing| marks_of(&metadata.primary_terms, &routing)) {
            return Ok(marks);
        }
        client.pause(attempt).await?;
    }
    Err(not_started(name))
}

/// None while a primary is not started.
fn marks_of(terms: &BTreeMap<u32, u64>, routing: &RoutingTable) -> Option<ShardMarks> {
    let allocation = |shard: &u32| {
        let started = |copy: &&Copy| copy.primary && matches!(copy.state.as_str(), "STARTED" | "RELOCATING");
        routing.shards.get(shard)?.iter().find(started)?.allocation_id.as_ref()
    };
    let mark = |(shard, term): (&u32, &u64)| Some((*shard, (*term, allocation(shard)?.id.clone())));
    terms.iter().map(mark).collect::<Option<_>>().map(ShardMarks)
}

fn check_gc_deletes(name: &str, found: Option<&str>) -> Result<()> {
    if found.and_then(time_ms) == Some(GC_DELETES_MS) {
        return Ok(());
    }
    let found = found.unwrap_or("the server's default");
    let message = format!("`gc_deletes` of index `{name}` is {found}: a deleted document could come back");
    let help = format!("set `index.gc_deletes` of that index to `{}m`", GC_DELETES_MS / 60_000);
    Err(Error::new(ErrorKind::Drift, message).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routing(text: &str) -> RoutingTable {
        serde_json::from_str(text).expect("a routing table")
    }

    #[test]
    fn marks_are_those_of_started_primaries() {
        let terms = [(0, 3)].into();
        let started = routing(
            r#"{"shards":{"0":[{"primary":false,"state":"STARTED","allocation_id":{"id":"r"}},
                {"primary":true,"state":"STARTED","allocation_id":{"id":"p"}}]}}"#,
        );
        let marks = marks_of(&terms, &started).expect("it is started");
        assert_eq!(marks, ShardMarks([(0, (3, "p".to_owned()))].into()));
        let starting = routing(
            r#"{"shards":{"0":[{"primary":true,"state":"INITIALIZING","allocation_id":{"id":"p"}}]}}"#,
        );
        assert_eq!(marks_of(&terms, &starting), None);
    }

    #[test]
    fn deletes_remembered_for_another_time_are_drift() {
        assert!(check_gc_deletes("g", Some("120s")).is_ok());
        for other in [None, Some("60s")] {
            assert_eq!(check_gc_deletes("g", other).expect_err("not ours").kind, ErrorKind::Drift);
        }
    }
}
