//! Every document of an index, its very bytes, and other requests that must succeed.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::services::Error;
use crate::services::opensearch::http;

/// Documents in one page of a listing.
const PAGE_DOCUMENTS: usize = 2_000;

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

/// Gives the id and the text of every document behind an alias, as of now.
pub fn each(
    address: &str,
    alias: &str,
    mut document: impl FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    text(address, "POST", &format!("/{alias}/_refresh"), "")?;
    let mut path = format!("/{alias}/_search?scroll=2m");
    let mut question = json!({"size": PAGE_DOCUMENTS, "sort": ["_doc"]});
    loop {
        let answered = text(address, "POST", &path, &question.to_string())?;
        let page: Page<'_> = parse(&answered)?;
        if page.hits.hits.is_empty() {
            let scroll = json!({"scroll_id": [page.scroll_id]}).to_string();
            return text(address, "DELETE", "/_search/scroll", &scroll).map(drop);
        }
        page.hits.hits.iter().try_for_each(|hit| document(&hit.id, hit.source.get()))?;
        path = "/_search/scroll".to_owned();
        question = json!({"scroll": "2m", "scroll_id": page.scroll_id});
    }
}

/// A request that must succeed; its answer.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<Value, Error> {
    parse(&text(address, method, path, body)?)
}

fn text(address: &str, method: &str, path: &str, body: &str) -> Result<String, Error> {
    match http::request(method, address, path, body) {
        Ok((200 | 201, text)) => Ok(text),
        Ok((status, text)) => Err(answer(format!("{status} to {method} {path}: {text}"))),
        Err(source) => Err(Error::Unreachable { server: "OpenSearch", address: address.to_owned(), source }),
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| answer(format!("what is not asked for: {error}")))
}

fn answer(message: String) -> Error {
    Error::Answer { server: "OpenSearch", message }
}
