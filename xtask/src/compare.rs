//! Every document of an index beside the truth.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fixtures::Project;
use crate::services::Error;
use crate::services::opensearch::http;
use crate::services::postgres::Connection;

/// Documents in one page of a listing.
const PAGE_DOCUMENTS: usize = 1_000;
/// How many wrong documents are told with what they are and what they must be.
const SHOWN_WRONG: usize = 3;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Documents that must be there.
    pub wanted: usize,
    /// Those of them that are there and right.
    pub equal: usize,
    /// Documents that must not be there.
    pub surplus: usize,
    /// The first few that are wrong, missing or surplus, in words.
    pub shown: Vec<String>,
}

impl Comparison {
    /// Whether every document is right and there is none beside them.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wanted == self.equal && self.surplus == 0
    }

    fn show(&mut self, what: impl FnOnce() -> String) {
        if self.shown.len() < SHOWN_WRONG {
            self.shown.push(what());
        }
    }
}

/// Compares every document behind an alias with what independent SQL says of the same database.
pub fn compare(
    project: Project,
    sql: &mut Connection,
    opensearch: &str,
    index: &str,
    alias: &str,
) -> Result<Comparison, Error> {
    let address = opensearch.trim_start_matches("http://");
    let mut there = documents(address, alias)?;
    sql.query("set timezone = 'UTC'")?;
    let mut comparison = Comparison::default();
    for row in project.truth(sql, index)? {
        let [Some(id), Some(wanted)] = row.as_slice() else {
            return Err(answer(
                "Postgres",
                format!("the truth of `{index}` has a row without id or document"),
            ));
        };
        comparison.wanted += 1;
        let wanted: Value = parse("Postgres", wanted)?;
        match there.remove(id) {
            Some(found) if found == wanted => comparison.equal += 1,
            Some(found) => comparison.show(|| format!("{index} {id}\n  is      {found}\n  must be {wanted}")),
            None => comparison.show(|| format!("{index} {id} is missing")),
        }
    }
    comparison.surplus = there.len();
    there.keys().for_each(|id| comparison.show(|| format!("{index} {id} must not be there")));
    Ok(comparison)
}

/// Every document behind an alias, by id, as of now.
fn documents(address: &str, alias: &str) -> Result<BTreeMap<String, Value>, Error> {
    search(address, &format!("/{alias}/_refresh"), "")?;
    let mut all = BTreeMap::new();
    let first = json!({"size": PAGE_DOCUMENTS, "sort": ["_doc"]}).to_string();
    let mut page = search(address, &format!("/{alias}/_search?scroll=2m"), &first)?;
    loop {
        let hits = page["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
        let scroll_id = page["_scroll_id"].as_str().unwrap_or_default();
        if hits.is_empty() {
            let done = json!({"scroll_id": [scroll_id]}).to_string();
            ask(address, "DELETE", "/_search/scroll", &done)?;
            return Ok(all);
        }
        for hit in hits {
            all.insert(hit["_id"].as_str().unwrap_or_default().to_owned(), hit["_source"].clone());
        }
        let next = json!({"scroll": "2m", "scroll_id": scroll_id}).to_string();
        page = search(address, "/_search/scroll", &next)?;
    }
}

fn search(address: &str, path: &str, body: &str) -> Result<Value, Error> {
    ask(address, "POST", path, body)
}

/// A request that must succeed; its answer.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<Value, Error> {
    let asked = http::request(method, address, path, body);
    let unreachable =
        |source| Error::Unreachable { server: "OpenSearch", address: address.to_owned(), source };
    match asked.map_err(unreachable)? {
        (200 | 201, text) => parse("OpenSearch", &text),
        (status, text) => Err(answer("OpenSearch", format!("{status} to {method} {path}: {text}"))),
    }
}

fn parse(server: &'static str, text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| answer(server, format!("what is no JSON: {error}")))
}

fn answer(server: &'static str, message: String) -> Error {
    Error::Answer { server, message }
}
