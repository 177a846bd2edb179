//! What the index server takes at most: the very bytes that flusso wrote, sent again by `_bulk` alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::listing::{self, ask};
use crate::services::Error;

/// Documents in one bulk request, as flusso's own default.
const REQUEST_DOCUMENTS: usize = 2_000;
/// Requests under way at once, as flusso's own default.
const REQUESTS_IN_FLIGHT: usize = 2;
/// The index that the bytes are written to.
const INDEX: &str = "bench_raw";
/// Settings that a server adds to an index and does not take back.
const SERVERS_OWN: [&str; 4] = ["creation_date", "provided_name", "uuid", "version"];

/// What raw writing took.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// From the first request to the last answer.
    pub lasted: Duration,
    /// Bytes of the documents alone.
    pub bytes: usize,
}

/// Writes every document behind an alias to an index of the same shape, at external versions.
pub(super) fn bulk(address: &str, alias: &str) -> Result<Raw, Error> {
    let (bodies, bytes) = bodies(address, alias)?;
    make_index(address, alias)?;
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let send = || loop {
        let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(()) };
        let answer = ask(address, "POST", &format!("/{INDEX}/_bulk"), body)?;
        if answer["errors"] != json!(false) {
            let message = "does not take a document that it had taken before".to_owned();
            return Err(Error::Answer { server: "OpenSearch", message });
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
    let (mut bodies, mut bytes, mut documents) = (vec![String::new()], 0, 0);
    listing::each(address, alias, |id, document| {
        if documents == REQUEST_DOCUMENTS {
            bodies.push(String::new());
            documents = 0;
        }
        let body = bodies.last_mut().expect("there is one from the start");
        let action = json!({"index": {"_id": id, "version": 1, "version_type": "external_gte"}});
        *body += &format!("{action}\n{document}\n");
        documents += 1;
        bytes += document.len();
        Ok(())
    })?;
    Ok((bodies, bytes))
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
