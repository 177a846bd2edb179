//! A listing of every id, page by page, over one point in time.
//!
//! Ids cannot be sorted without `indices.id_field_data`, so a page is ordered by `_shard_doc`, which
//! holds within a point in time only; the listing is kept here between two pages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::limits::IDS_PAGE;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::answer::gone;
use crate::client::{Client, unknown_answer};
use crate::server_error::ServerError;
use crate::transport::{Response, Verb, segment};

/// How long the server keeps a listing after its last page.
const KEEP: Duration = Duration::from_secs(300);

/// Open listings, by generation and the last id of their last page.
#[derive(Debug, Default)]
pub(crate) struct Listings(Mutex<HashMap<(String, String), Vec<Listing>>>);

#[derive(Debug)]
struct Listing {
    point_in_time: String,
    /// Where the last page ended, in the server's words; none before the first.
    after: Option<Value>,
    used: Instant,
}

#[derive(Deserialize)]
struct Opened {
    pit_id: String,
}

#[derive(Deserialize)]
struct Page<'a> {
    pit_id: String,
    #[serde(borrow, default)]
    hits: Hits<'a>,
}

#[derive(Default, Deserialize)]
struct Hits<'a> {
    #[serde(borrow, default)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
struct Hit<'a> {
    #[serde(rename = "_id")]
    id: String,
    #[serde(borrow)]
    sort: &'a RawValue,
}

impl Listings {
    /// A page of ids after the page that ended with `after`; from the beginning where none. An empty
    /// page ends the listing. [`ErrorKind::Unanswered`] where the listing broke off: begin it again.
    pub(crate) async fn page(
        &self,
        client: &Client,
        generation: &str,
        after: Option<&str>,
    ) -> Result<Vec<String>> {
        self.forget_old();
        let listing = match after {
            None => open(client, generation).await?,
            Some(after) => self.take(generation, after).ok_or_else(|| broken_off(generation))?,
        };
        let (ids, listing) = next_page(client, generation, listing).await?;
        match ids.last() {
            Some(last) => self.keep(generation, last, listing),
            None => close(client, &listing).await?,
        }
        Ok(ids)
    }

    fn take(&self, generation: &str, after: &str) -> Option<Listing> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (generation.to_owned(), after.to_owned());
        let listing = all.get_mut(&key)?.pop();
        if all.get(&key).is_some_and(Vec::is_empty) {
            all.remove(&key);
        }
        listing
    }

    fn keep(&self, generation: &str, last: &str, listing: Listing) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((generation.to_owned(), last.to_owned())).or_default().push(listing);
    }

    /// Abandoned listings: the server has forgotten them too.
    fn forget_old(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, listings| {
            listings.retain(|listing| listing.used.elapsed() < KEEP);
            !listings.is_empty()
        });
    }
}

async fn open(client: &Client, generation: &str) -> Result<Listing> {
    let path = format!(
        "/{}/_search/point_in_time?keep_alive={}s&allow_partial_pit_creation=false",
        segment(generation),
        KEEP.as_secs()
    );
    let answered = client.post(&path, &Value::Null).await?;
    if answered.is_missing() {
        return Err(gone(generation));
    }
    let opened: Opened = answered.json("a listing of ids")?;
    Ok(Listing { point_in_time: opened.pit_id, after: None, used: Instant::now() })
}

async fn next_page(client: &Client, generation: &str, listing: Listing) -> Result<(Vec<String>, Listing)> {
    let path = "/_search?allow_partial_search_results=false&filter_path=pit_id,hits.hits._id,hits.hits.sort";
    let answered = client.post(path, &question(&listing)).await?;
    if answered.is_missing() || is_context_missing(&answered.response) {
        return Err(broken_off(generation));
    }
    answered.success("a listing of ids")?;
    let page: Page<'_> = serde_json::from_slice(&answered.response.body)
        .map_err(|error| unknown_answer("a listing of ids", error))?;
    let last = page.hits.hits.last().map(|hit| serde_json::from_str(hit.sort.get()));
    let after = last.transpose().map_err(|error| unknown_answer("a listing of ids", error))?;
    let ids = page.hits.hits.into_iter().map(|hit| hit.id).collect();
    Ok((ids, Listing { point_in_time: page.pit_id, after, used: Instant::now() }))
}

fn question(listing: &Listing) -> Value {
    let mut question = json!({
        "size": IDS_PAGE,
        "_source": false,
        "track_total_hits": false,
        "pit": { "id": listing.point_in_time, "keep_alive": format!("{}s", KEEP.as_secs()) },
        "sort": ["_shard_doc"],
    });
    if let Some(after) = &listing.after {
        question["search_after"] = after.clone();
    }
    question
}

/// A node that left took its part of the point in time with it.
fn is_context_missing(response: &Response) -> bool {
    !response.is_success()
        && ServerError::of(response).deepest().error_type == "search_context_missing_exception"
}

async fn close(client: &Client, listing: &Listing) -> Result<()> {
    let body = json!({ "pit_id": [listing.point_in_time] }).to_string();
    let path = "/_search/point_in_time";
    // It expires by itself, so it does not matter whether the server still knew it.
    client.call(Verb::Delete, path, body.into()).await.map(drop)
}

fn broken_off(generation: &str) -> Error {
    Error::new(ErrorKind::Unanswered, format!("a listing of the ids of `{generation}` broke off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(name: &str) -> Listing {
        Listing { point_in_time: name.to_owned(), after: Some(json!([7])), used: Instant::now() }
    }

    #[test]
    fn two_listings_that_stand_at_one_id_do_not_share_a_page() {
        let listings = Listings::default();
        listings.keep("g", "a", listing("1"));
        listings.keep("g", "a", listing("2"));
        let names: Vec<String> =
            (0..2).map(|_| listings.take("g", "a").expect("two are kept").point_in_time).collect();
        assert_eq!(names, ["2", "1"]);
        assert!(listings.take("g", "a").is_none());
    }

    #[test]
    fn a_later_page_begins_where_the_last_one_ended() {
        assert_eq!(question(&listing("1"))["search_after"], json!([7]));
    }
}
