//! Requests that are lost on their way, and documents that a pipeline throws away.

use std::time::Instant;

use xtask::fixtures::SHOP;

use crate::rig::{Hole, Rig};

const PERCENT_LOST: u64 = 12;

#[test]
fn an_apply_through_a_proxy_that_loses_requests_ends_with_every_document_right() {
    let rig = Rig::new(SHOP, 0.05);
    rig.flusso(&["compile"]).assert_code(0);
    let began = Instant::now();
    rig.flusso(&["apply"]).assert_code(0);
    let undisturbed = began.elapsed();
    let mut rig = Rig::new(SHOP, 0.05);
    rig.flusso(&["compile"]).assert_code(0);
    let hole = rig.opensearch_through(|target| Hole::losing(target, PERCENT_LOST));
    let began = Instant::now();
    rig.flusso(&["apply"]).assert_code(0);
    let (requests, lost) = hole.requests();
    println!("{requests} requests, {lost} lost: {:?} instead of {undisturbed:?}", began.elapsed());
    assert!(lost * 100 > requests * (PERCENT_LOST - 3), "{lost} of {requests} were lost");
    for index in ["orders", "products", "users"] {
        rig.assert_right(index);
    }
}

fn set_pipeline(rig: &Rig, generation: &str, name: &str) {
    let path = format!("/{generation}/_settings");
    let (status, body) = rig.request("PUT", &path, &format!("{{\"index.default_pipeline\": {name}}}"));
    assert_eq!(status, 200, "{body}");
}

#[test]
fn documents_that_a_pipeline_drops_are_never_done_and_the_pipeline_is_named() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let pipeline = format!("{}_drops", rig.name);
    let (status, body) =
        rig.request("PUT", &format!("/_ingest/pipeline/{pipeline}"), "{\"processors\": [{\"drop\": {}}]}");
    assert_eq!(status, 200, "{body}");
    let users = rig.generations().into_iter().find(|name| name.contains("_users-")).expect("it is live");
    let follower = rig.follow();
    set_pipeline(&rig, &users, &format!("\"{pipeline}\""));
    rig.run(&["update shop.users set name = 'dropped' where id = 1"]);
    follower.wait().assert_code(5).assert_said(&pipeline).assert_said("document `1`");
    rig.flusso(&["run"]).assert_code(4).assert_said(&pipeline);
    // apply names the pipeline in its plan and builds another index, which has none.
    rig.flusso(&["apply"]).assert_code(0).assert_said(&pipeline);
    let follower = rig.follow();
    rig.assert_becomes_right("users");
    follower.stop_in_time().assert_code(0);
    rig.request("DELETE", &format!("/_ingest/pipeline/{pipeline}"), "");
}
