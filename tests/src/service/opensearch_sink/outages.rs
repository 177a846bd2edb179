//! Nodes that are killed, restarted or overloaded: each test has one of its own.

use std::time::Duration;

use flusso_runtime::documents::Documents;
use flusso_runtime::sink::{Answer, Generation, WriteCause};

use flusso_schemas::lock::{IndexPlan, OpenSearchPlan};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::rig::{OwnNode, Rig, batch, connect, documents, index, index_of, key, plan};

/// Documents that each of many writers has.
const DOCUMENTS: usize = 5_000;

/// How much longer than usual a restart may take beside other work.
const RESTART: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_is_waited_for_and_its_tombstones_count_as_lost() {
    let mut node = OwnNode::start(&[]);
    let rig = Rig::on(&node).await;
    let generation = rig.generation(&index("k")).await;
    let before = rig.sink.shard_marks(&generation).await.expect("read");
    let identity = rig.sink.identity(&generation).await.expect("read");
    let seen = documents(&[("before", "1")]);
    let answers =
        rig.sink.write(&generation, batch(1, &seen, &[], WriteCause::Event)).await.expect("answers");
    assert_eq!(answers, [Answer::Done]);
    let hasty = rig.generation(&asynchronous("hasty")).await;
    let answers = rig.sink.write(&hasty, batch(1, &seen, &[], WriteCause::Event)).await.expect("answers");
    assert_eq!(answers, [Answer::Done]);
    for generation in [&generation, &hasty] {
        rig.sink.flush(generation).await.expect("flushed");
    }
    node.node.kill9();
    let late = documents(&[("during", "1")]);
    let mut change = batch(2, &late, &[], WriteCause::Event);
    change.deadline += RESTART;
    let restart = tokio::task::spawn_blocking(move || {
        node.node.restart().expect("restarted");
        node
    });
    let write = rig.sink.write(&generation, change).await;
    assert_eq!(write.expect("answers"), [Answer::Done], "a change outlives an outage within its deadline");
    let _node = restart.await.expect("restarted");
    let after = rig.sink.shard_marks(&generation).await.expect("read after the restart");
    assert!(
        after.0.iter().all(|(shard, mark)| before.0[shard].0 < mark.0),
        "terms rose: {before:?} {after:?}"
    );
    assert_eq!(rig.sink.identity(&generation).await.expect("read"), identity, "it is the same index");
    let ids = ["before", "during"].map(str::to_owned);
    let found = rig.sink.get_many(&generation, &ids).await.expect("read");
    assert!(found.iter().all(Option::is_some), "what was answered is there");
    let found = rig.sink.get_many(&hasty, &ids[..1]).await.expect("read");
    assert!(found[0].is_some(), "what was flushed is there, though it is acknowledged before it is on disk");
}

/// An index whose acknowledgements are not durable (3 of 3 documents were lost without a flush).
fn asynchronous(name: &str) -> IndexPlan {
    let settings = json!({ "translog": { "durability": "async", "sync_interval": "10m" } });
    index_of(name, json!({ "settings": settings, "mappings": {} }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_slows_writing_and_loses_nothing() {
    let node = OwnNode::start(&[("thread_pool.write.size", "1"), ("thread_pool.write.queue_size", "1")]);
    let rig = Rig::on(&node).await;
    let generation = rig.generation(&index("q")).await;
    let mut writers = JoinSet::new();
    (0..12).for_each(|writer| {
        drop(writers.spawn(write_some(plan(&rig.address, &rig.prefix), generation.clone(), writer)))
    });
    let answers: Vec<Answer> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(answers.len(), 12 * DOCUMENTS);
    assert!(answers.iter().all(|answer| *answer == Answer::Done), "{answers:?}");
    let path = "/_nodes/stats/thread_pool?filter_path=nodes.*.thread_pool.write.rejected";
    let (_, stats) = rig.ask("GET", path, &Value::Null);
    assert!(!stats.to_string().contains("\"rejected\":0"), "the queue was never full: {stats}");
}

/// Many sinks of their own, so that no throttle of ours keeps the queue from filling.
async fn write_some(plan: OpenSearchPlan, generation: Generation, writer: usize) -> Vec<Answer> {
    let sink = connect(&plan).await.expect("a sink");
    let mut documents = Documents::default();
    (0..DOCUMENTS).for_each(|number| documents.push(key(format!("{writer}-{number}")), b"{\"n\":1}"));
    let mut batch = batch(1, &documents, &[], WriteCause::Event);
    batch.deadline += RESTART;
    sink.write(&generation, batch).await.expect("answers")
}
