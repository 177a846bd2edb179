//! The index as judge: a lock's mapping takes the documents of its queries.

use flusso_runtime::documents::Key;
use flusso_schemas::document_id::DOCUMENT_ID_BYTES_MAX;
use flusso_schemas::lock::IndexPlan;
use serde_json::{Value, json};
use xtask::services::opensearch::http;

use crate::rig::shared_opensearch;

/// Makes an index as the lock says, writes the documents, and returns why some of them were refused.
pub(super) fn refusals<'a>(
    name: &str,
    index: &IndexPlan,
    documents: impl Iterator<Item = (&'a Key, &'a String)>,
) -> Vec<String> {
    let mut body = index.body.clone();
    // One shard on this node alone: the cluster is shared by many tests.
    body["settings"]["index"]["number_of_shards"] = json!(1);
    body["settings"]["index"]["number_of_replicas"] = json!(0);
    expect_ok(request("PUT", &format!("/{name}"), &body.to_string()), "the index is made");
    let mut lines = String::new();
    for (key, document) in documents {
        let id = key.document_id();
        if (1..=DOCUMENT_ID_BYTES_MAX).contains(&id.len()) {
            lines += &format!("{}\n{document}\n", json!({ "index": { "_id": id } }));
        }
    }
    let mut found = Vec::new();
    if !lines.is_empty() {
        let answer = expect_ok(request("POST", &format!("/{name}/_bulk"), &lines), "the documents are read");
        let items = answer["items"].as_array().expect("an answer has items").iter();
        found.extend(
            items.map(|item| &item["index"]["error"]).filter(|error| !error.is_null()).map(Value::to_string),
        );
    }
    let _ = request("DELETE", &format!("/{name}"), "");
    found
}

fn request(method: &str, path: &str, body: &str) -> (u16, String) {
    let url = shared_opensearch();
    http::request(method, url.trim_start_matches("http://"), path, body).expect("the index server answers")
}

fn expect_ok((status, body): (u16, String), what: &str) -> Value {
    assert_eq!(status, 200, "{what}: {body}");
    serde_json::from_str(&body).expect("an answer is JSON")
}
