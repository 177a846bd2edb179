//! Every document of an index beside the truth.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::compare::{Comparison, compare};

use super::{PATIENCE, Rig};

impl Rig {
    /// Compares every document of an index with independent SQL.
    pub(crate) fn compare(&mut self, index: &str) -> Comparison {
        let alias = format!("{}_{index}", self.name);
        compare(self.example, &mut self.sql, &self.opensearch, index, &alias).expect("both servers answer")
    }

    /// Fails unless every document of an index is right, now.
    #[track_caller]
    pub(crate) fn assert_right(&mut self, index: &str) -> usize {
        let Comparison { wanted, wrong, shown } = self.compare(index);
        assert_eq!(wrong, 0, "of {wanted} documents of {index} these are wrong: {shown:#?}");
        wanted
    }

    /// Waits until every document of an index is right; fails with what is still wrong.
    #[track_caller]
    pub(crate) fn assert_becomes_right(&mut self, index: &str) -> usize {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && self.compare(index).wrong > 0 {
            thread::sleep(Duration::from_millis(300));
        }
        self.assert_right(index)
    }

    /// A document by id, as it can be read at once; none where there is none.
    pub(crate) fn document(&self, index: &str, id: &str) -> Option<Value> {
        let (status, body) = self.request("GET", &format!("/{}_{index}/_doc/{id}", self.name), "");
        (status == 200).then(|| {
            let body: Value = serde_json::from_str(&body).expect("the server answers JSON");
            body["_source"].clone()
        })
    }

    /// Waits until a document by id is as a test wants it.
    #[track_caller]
    pub(crate) fn wait_for_document(&self, index: &str, id: &str, wanted: impl Fn(Option<&Value>) -> bool) {
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
}
