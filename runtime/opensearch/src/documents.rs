//! Documents by id, readable as soon as their write was answered.

use flusso_lints::words::counted;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::limits::DOCUMENT_BYTES_MAX;
use flusso_runtime::sink::StoredDocument;
use opensearch::MgetParts;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::answer::gone;
use crate::client::{Client, unknown_answer};
use crate::server_error::ServerError;

/// Documents requested at once; halved if the answer has too many bytes.
const IDS_A_REQUEST: usize = 500;
/// Longest answer to a read: one document of the largest size and what is around it.
const ANSWER_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + (1 << 20);

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    docs: Vec<Found<'a>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(default)]
    found: bool,
    #[serde(rename = "_version")]
    version: Option<u64>,
    #[serde(rename = "_source", borrow)]
    source: Option<&'a RawValue>,
    error: Option<ServerError>,
}

/// One answer an id, in the order asked.
pub(crate) async fn get_many(
    client: &Client,
    generation: &str,
    ids: &[String],
) -> Result<Vec<Option<StoredDocument>>> {
    let mut documents = Vec::with_capacity(ids.len());
    let mut size = IDS_A_REQUEST;
    while documents.len() < ids.len() {
        let rest = &ids[documents.len()..];
        let asked = &rest[..size.min(rest.len())];
        match page(client, generation, asked).await {
            Ok(found) => documents.extend(found),
            Err(error) if error.kind == ErrorKind::TooMuch && size > 1 => size = asked.len().div_ceil(2),
            Err(error) => return Err(error),
        }
    }
    Ok(documents)
}

async fn page(client: &Client, generation: &str, ids: &[String]) -> Result<Vec<Option<StoredDocument>>> {
    // With a `filter_path` the server parses each document and writes it again: `1e400` comes back as
    // `"Infinity"`, and a long number is rounded to a double.
    let path = format!("{}?realtime=true", MgetParts::Index(generation).url());
    let answered = client.post_for(&path, &json!({ "ids": ids }), ANSWER_BYTES_MAX).await?;
    if answered.is_missing() {
        return Err(gone(generation));
    }
    answered.success("a read of documents")?;
    let page: Page<'_> = serde_json::from_slice(&answered.response.body)
        .map_err(|error| unknown_answer("a read of documents", error))?;
    if page.docs.len() != ids.len() {
        let message = format!(
            "a read of {} got {}",
            counted(ids.len(), "document"),
            counted(page.docs.len(), "answer")
        );
        return Err(Error::new(ErrorKind::Internal, message));
    }
    page.docs.into_iter().map(|found| stored(generation, found)).collect()
}

fn stored(generation: &str, found: Found<'_>) -> Result<Option<StoredDocument>> {
    match found.error {
        Some(error) if error.is_missing_index() => return Err(gone(generation)),
        Some(error) => {
            let message = format!("a document of `{generation}` cannot be read now ({})", error.error_type);
            return Err(Error::new(ErrorKind::Unanswered, message));
        }
        None if !found.found => return Ok(None),
        None => {}
    }
    let (Some(version), Some(source)) = (found.version, found.source) else {
        let message = format!("a document of `{generation}` has no version or no source");
        return Err(Error::new(ErrorKind::Internal, message));
    };
    Ok(Some(StoredDocument { version, json: source.get().as_bytes().to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<Result<Option<StoredDocument>>> {
        let page: Page<'_> = serde_json::from_str(text).expect("a page");
        page.docs.into_iter().map(|found| stored("g", found)).collect()
    }

    #[test]
    fn the_source_is_kept_byte_by_byte() {
        let text = r#"{"docs":[{"found":true,"_version":7,"_source":{"a" :1.0}},{"found":false}]}"#;
        let found = documents(text);
        let first = found[0].as_ref().expect("read").as_ref().expect("found");
        assert_eq!((first.version, first.json.as_slice()), (7, &br#"{"a" :1.0}"#[..]));
        assert!(found[1].as_ref().expect("read").is_none());
    }

    #[test]
    fn a_document_that_cannot_be_read_is_not_missing() {
        let kind = |error_type: &str| {
            let text = format!(r#"{{"docs":[{{"error":{{"type":"{error_type}"}}}}]}}"#);
            documents(&text).remove(0).expect_err("no answer").kind
        };
        assert_eq!(kind("index_not_found_exception"), ErrorKind::Drift);
        assert_eq!(kind("no_shard_available_action_exception"), ErrorKind::Unanswered);
    }
}
