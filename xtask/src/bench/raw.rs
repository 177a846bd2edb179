//! What the index server takes at most: the very bytes that flusso wrote, sent again by `_bulk` alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::compare::ask;
use crate::services::Error;
use crate::services::opensearch::http;

/// Documents in one page of the listing, and in one bulk request, as flusso's own default.
const REQUEST_DOCUMENTS: usize = 2_000;
/// Requests under way at once, as flusso's own default.
const REQUESTS_IN_FLIGHT: usize = 2;
/// The index that the bytes are written to.
const INDEX: &str = "bench_raw";
/// Settings that a server adds to an index and does not take back.
const SERVERS_OWN: [&str; 4] = ["creation_date", "provided_name", "uuid", "version"];

/// What raw writing took.
#[derive(Clone, Debug)]
pub struct Raw {
    /// From the first request to the last answer.
    pub lasted: Duration,
    /// Bytes of the documents alone.
    pub bytes: usize,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(rename = "_scroll_id")]
    scroll_id: String,
    #[serde(borrow)]
    hits: Hits<'a>,
}

#[derive(Deserialize)]
struct Hits<'a> {
    #[serde(borrow)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
struct Hit<'a> {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source", borrow)]
    source: &'a RawValue,
}

/// Writes every document behind an alias to an index of the same shape, at external versions.
pub fn bulk(address: &str, alias: &str) -> Result<Raw, Error> {
    let (bodies, bytes) = bodies(address, alias)?;
    make_index(address, alias)?;
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let send = || loop {
        let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(()) };
        let answer = ask(address, "POST", &format!("/{INDEX}/_bulk"), body)?;
        if answer["errors"] != json!(false) {
            return Err(refused());
        }
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..REQUESTS_IN_FLIGHT).map(|_| scope.spawn(send)).collect();
        senders.into_iter().try_for_each(|sender| sender.join().expect("sending does not panic"))
    })?;
    let lasted = began.elapsed();
    ask(address, "DELETE", &format!("/{INDEX}"), "")?;
    Ok(Raw { lasted, bytes })
}

/// The bodies of the requests and the bytes of the documents in them.
fn bodies(address: &str, alias: &str) -> Result<(Vec<String>, usize), Error> {
    ask(address, "POST", &format!("/{alias}/_refresh"), "")?;
    let (mut bodies, mut bytes) = (Vec::new(), 0);
    let mut path = format!("/{alias}/_search?scroll=2m");
    let mut question = json!({"size": REQUEST_DOCUMENTS, "sort": ["_doc"]});
    loop {
        let text = text(address, &path, &question.to_string())?;
        let page: Page<'_> = serde_json::from_str(&text).map_err(|error| answer(&error.to_string()))?;
        if page.hits.hits.is_empty() {
            return Ok((bodies, bytes));
        }
        let mut body = String::new();
        for hit in &page.hits.hits {
            let action = json!({"index": {"_id": hit.id, "version": 1, "version_type": "external_gte"}});
            body += &format!("{action}\n{}\n", hit.source.get());
            bytes += hit.source.get().len();
        }
        bodies.push(body);
        path = "/_search/scroll".to_owned();
        question = json!({"scroll": "2m", "scroll_id": page.scroll_id});
    }
}

/// An index with the alias' mapping and settings, tuned for loading as flusso tunes its own.
fn make_index(address: &str, alias: &str) -> Result<(), Error> {
    let live = ask(address, "GET", &format!("/{alias}"), "")?;
    let live = live.as_object().and_then(|indexes| indexes.values().next()).cloned().unwrap_or_default();
    let mut settings = live["settings"]["index"].as_object().cloned().unwrap_or_default();
    settings.retain(|name, _| !SERVERS_OWN.contains(&name.as_str()));
    settings.insert("refresh_interval".to_owned(), json!("-1"));
    settings.insert("number_of_replicas".to_owned(), json!(0));
    let body: Value = json!({"settings": {"index": settings}, "mappings": live["mappings"]});
    ask(address, "PUT", &format!("/{INDEX}"), &body.to_string()).map(drop)
}

fn text(address: &str, path: &str, body: &str) -> Result<String, Error> {
    match http::request("POST", address, path, body) {
        Ok((200, text)) => Ok(text),
        Ok((status, text)) => Err(answer(&format!("{status}: {text}"))),
        Err(source) => Err(Error::Unreachable { server: "OpenSearch", address: address.to_owned(), source }),
    }
}

fn refused() -> Error {
    answer("that it does not take a document that it had taken before")
}

fn answer(message: &str) -> Error {
    Error::Answer { server: "OpenSearch", message: message.to_owned() }
}
