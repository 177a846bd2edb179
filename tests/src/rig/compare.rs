//! Every document of an index beside the truth.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PATIENCE, Rig};

/// Documents in one page of a listing.
const PAGE: usize = 2_000;

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Documents that must be there.
    pub documents: usize,
    /// Ids of documents that are wrong, missing or too many, at most a few with both texts.
    pub wrong: Vec<String>,
}

impl Rig {
    /// Compares every document of an index with independent SQL.
    pub fn compare(&mut self, index: &str) -> Comparison {
        self.request("POST", &format!("/{}_{index}/_refresh", self.name), "");
        let mut there = self.documents(index);
        self.sql.query("set timezone = 'UTC'").expect("a setting");
        let truth = self.example.truth(&mut self.sql, index).expect("the truth can be told");
        let mut comparison = Comparison { documents: truth.len(), wrong: Vec::new() };
        for row in truth {
            let [Some(id), Some(wanted)] = row.as_slice() else { panic!("a row of id and document") };
            let wanted: Value = serde_json::from_str(wanted).expect("jsonb prints JSON");
            match there.remove(id) {
                Some(found) if found == wanted => {}
                Some(found) => comparison.wrong.push(format!("{id}\n  is   {found}\n  must {wanted}")),
                None => comparison.wrong.push(format!("{id} is missing")),
            }
        }
        comparison.wrong.extend(there.into_keys().map(|id| format!("{id} is too many")));
        comparison
    }

    /// Fails unless every document of an index is right, now.
    #[track_caller]
    pub fn assert_right(&mut self, index: &str) -> usize {
        let comparison = self.compare(index);
        let shown: Vec<_> = comparison.wrong.iter().take(3).collect();
        let (wrong, all) = (comparison.wrong.len(), comparison.documents);
        assert!(comparison.wrong.is_empty(), "{wrong} of {all} documents of {index} are wrong: {shown:#?}");
        comparison.documents
    }

    /// Waits until every document of an index is right; fails with what is still wrong.
    #[track_caller]
    pub fn assert_becomes_right(&mut self, index: &str) -> usize {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && !self.compare(index).wrong.is_empty() {
            thread::sleep(Duration::from_millis(300));
        }
        self.assert_right(index)
    }

    /// A document by id, as it can be read at once; none where there is none.
    pub fn document(&self, index: &str, id: &str) -> Option<Value> {
        let (status, body) = self.request("GET", &format!("/{}_{index}/_doc/{id}", self.name), "");
        (status == 200).then(|| {
            let body: Value = serde_json::from_str(&body).expect("the server answers JSON");
            body["_source"].clone()
        })
    }

    /// Waits until a document by id is as a test wants it.
    #[track_caller]
    pub fn wait_for_document(&self, index: &str, id: &str, wanted: impl Fn(Option<&Value>) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let document = self.document(index, id);
            if wanted(document.as_ref()) {
                return;
            }
            assert!(Instant::now() < until, "{index} {id} stays {document:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn documents(&self, index: &str) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let first = format!("/{}_{index}/_search?scroll=2m", self.name);
        let body = json!({"size": PAGE, "sort": ["_doc"]}).to_string();
        let mut page = self.search(&first, &body);
        loop {
            let hits = page["hits"]["hits"].as_array().cloned().unwrap_or_default();
            if hits.is_empty() {
                return all;
            }
            for hit in hits {
                let id = hit["_id"].as_str().expect("a hit has an id").to_owned();
                all.insert(id, hit["_source"].clone());
            }
            let scroll = json!({"scroll": "2m", "scroll_id": page["_scroll_id"]}).to_string();
            page = self.search("/_search/scroll", &scroll);
        }
    }

    fn search(&self, path: &str, body: &str) -> Value {
        let (status, text) = self.request("POST", path, body);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).expect("the server answers JSON")
    }
}
