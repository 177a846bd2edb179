//! What the server says of a bulk request and of each item in it, and what that means.
//!
//! Rule *answers* of docs/correctness.md.

use flusso_lints::words::counted;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::recovery::{DriftCause, IndexDrift};
use flusso_runtime::sink::Answer;
use serde::Deserialize;

use crate::client::{blocked, credentials_refused, unknown_answer};
use crate::names::write_alias;
use crate::server_error::ServerError;
use crate::transport::Response;

/// What of the answer is sent at all: less than half of it.
pub(crate) const FILTER: &str = "errors,items.*._index,items.*.status,items.*.result,items.*.error.type,items.*.error.reason,items.*.error.caused_by";

/// The error type of an index that is closed.
pub(crate) const CLOSED: &str = "index_closed_exception";
const ALIAS_HELP: &str = "run `flusso apply`: it points the write alias back to its index";

/// What is to be done about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has its final answer.
    Settled(Answer),
    /// It was not executed because the server has too much to do: send it again, later and less.
    Throttled,
    /// It may or may not have been executed.
    InDoubt,
    /// The server says that it is done and stored nothing: an ingest pipeline dropped it.
    Dropped,
}

/// What is to be done about a whole request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A verdict an item, in order.
    Items(Vec<Verdict>),
    /// Nothing was executed because the server has too much to do.
    Throttled,
    /// Nothing was executed because it is too long.
    TooLong,
    /// It may or may not have been executed, in part.
    InDoubt,
}

#[derive(Deserialize)]
struct BulkAnswer {
    items: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Index(ItemAnswer),
    Delete(ItemAnswer),
}

#[derive(Deserialize)]
struct ItemAnswer {
    /// The concrete index that was written.
    #[serde(rename = "_index", default)]
    index: Option<String>,
    status: u16,
    result: Option<String>,
    error: Option<ServerError>,
}

/// Judges an answer to a request of so many items. An error ends the run or session: blocks,
/// credentials, a generation that is gone.
pub(crate) fn judge(shown: &str, generation: &str, items: usize, response: &Response) -> Result<Outcome> {
    if response.is_success() {
        return judge_items(generation, items, &response.body).map(Outcome::Items);
    }
    let error = ServerError::of(response);
    match response.status {
        _ if error.is_block() => Err(blocked(&error)),
        _ if error.is_without_manager() => Ok(Outcome::Throttled),
        _ if error.is_missing_index() => Err(write_alias_missing(generation)),
        401 | 403 => Err(credentials_refused(shown, response.status)),
        413 => Ok(Outcome::TooLong),
        429 => Ok(Outcome::Throttled),
        408 | 500.. => Ok(Outcome::InDoubt),
        // Nothing was executed, and the reason may quote the body.
        status => {
            let message = format!("unexpected answer to a bulk request: {status} {}", error.error_type);
            Err(Error::new(ErrorKind::Internal, message))
        }
    }
}

fn judge_items(generation: &str, items: usize, body: &[u8]) -> Result<Vec<Verdict>> {
    let answer: BulkAnswer =
        serde_json::from_slice(body).map_err(|error| unknown_answer("a bulk request", error))?;
    if answer.items.len() != items {
        let message = format!(
            "a bulk request of {} got {}",
            counted(items, "item"),
            counted(answer.items.len(), "answer")
        );
        return Err(Error::new(ErrorKind::Internal, message));
    }
    answer.items.into_iter().map(|action| judge_item(generation, action)).collect()
}

fn judge_item(generation: &str, action: Action) -> Result<Verdict> {
    let (Action::Index(item) | Action::Delete(item)) = action;
    let Some(error) = item.error else {
        if item.result.as_deref() == Some("noop") {
            return Ok(Verdict::Dropped);
        }
        if let Some(other) = item.index.filter(|index| index != generation) {
            return Err(written_elsewhere(generation, &other));
        }
        // A delete of what is not there is a 404 without an error, and leaves a tombstone.
        return Ok(Verdict::Settled(Answer::Done));
    };
    match item.status {
        _ if error.is_block() => Err(blocked(&error)),
        _ if error.is_without_manager() => Ok(Verdict::Throttled),
        _ if error.is_missing_index() => Err(write_alias_missing(generation)),
        _ if is_unusable(&error) => Err(unusable(generation, &error)),
        403 => Err(credentials_refused("the server", 403)),
        409 => conflict(&error).map(Verdict::Settled),
        429 => Ok(Verdict::Throttled),
        500.. => Ok(Verdict::InDoubt),
        _ => Ok(Verdict::Settled(rejected(&error))),
    }
}

/// A conflict names the version that is there only in its text.
fn conflict(error: &ServerError) -> Result<Answer> {
    let unknown = || {
        let message = format!("a version conflict does not name its version ({})", error.error_type);
        Error::new(ErrorKind::Internal, message)
    };
    // The text begins with the id, which may hold anything: the last match is the server's own.
    let (_, version) = error.reason_text().rsplit_once("current version [").ok_or_else(unknown)?;
    let version = version.split(']').next().unwrap_or_default();
    version.parse().map(Answer::Newer).map_err(|_| unknown())
}

fn rejected(error: &ServerError) -> Answer {
    let mut field = None;
    let mut cause = Some(error);
    while let Some(current) = cause.filter(|_| field.is_none()) {
        field = field_of(current.reason_text());
        cause = current.caused_by.as_deref();
    }
    Answer::Rejected { error_type: error.error_type.clone(), field }
}

/// The field that a reason is about. Only beginnings that the server wrote are read: further on a
/// reason quotes the document.
fn field_of(reason: &str) -> Option<String> {
    const BEGINNINGS: [(&str, char); 6] = [
        ("failed to parse field [", ']'),
        ("object mapping for [", ']'),
        ("Document contains at least one immense term in field=\"", '"'),
        ("DocValuesField \"", '"'),
        ("Cannot parse field [", ']'),
        ("mapper [", ']'),
    ];
    if let Some(unmapped) = reason.strip_prefix("mapping set to strict, dynamic introduction of [") {
        return unmapped_field(unmapped);
    }
    BEGINNINGS.iter().find_map(|(beginning, end)| {
        let (field, _) = reason.strip_prefix(beginning)?.split_once(*end)?;
        Some(field.to_owned())
    })
}

/// An unmapped key at the root is a name of the plan; further down it may come from a row's own JSON,
/// so only the object it is in is named.
fn unmapped_field(rest: &str) -> Option<String> {
    let (key, object) = rest.rsplit_once("] within [")?;
    let object = object.split(']').next()?;
    Some(if object == "_doc" { key } else { object }.to_owned())
}

/// Errors of the index or alias, which every document would get.
fn is_unusable(error: &ServerError) -> bool {
    error.error_type == CLOSED || error.reason_text().starts_with("no write index is defined for alias")
}

fn unusable(generation: &str, error: &ServerError) -> Error {
    if error.error_type == CLOSED {
        return closed(generation);
    }
    let alias = write_alias(generation);
    Error::new(
        ErrorKind::Drift,
        format!("write alias `{alias}` of index `{generation}` was changed and accepts no writes"),
    )
    .with_help(ALIAS_HELP)
}

/// The error for an index that someone closed.
pub(crate) fn closed(generation: &str) -> Error {
    Error::new(
        ErrorKind::Drift,
        format!("index `{generation}` is closed: it accepts neither reads nor writes"),
    )
    .with_help(format!("open it with `POST /{generation}/_open`, then run this again"))
}

/// Someone moved the write alias: what was written is in an index that is not ours, and nothing of it counts
/// as done.
fn written_elsewhere(generation: &str, other: &str) -> Error {
    let alias = write_alias(generation);
    let message = format!(
        "write alias `{alias}` of index `{generation}` points to `{other}`: changes were written there, and are \
         not confirmed"
    );
    Error::new(ErrorKind::Drift, message).with_help(ALIAS_HELP)
}

/// The error for an index that was deleted.
pub(crate) fn gone(generation: &str) -> Error {
    DriftCause::Index { generation: generation.to_owned(), drift: IndexDrift::Gone }.error()
}

/// Requests are written through an alias of the generation's own, which someone removed, alone or with
/// the index.
fn write_alias_missing(generation: &str) -> Error {
    let alias = write_alias(generation);
    Error::new(ErrorKind::Drift, format!("write alias `{alias}` of index `{generation}` does not exist"))
        .with_help("run `flusso apply`: it puts the alias back, or builds the index again if it is gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Result<Outcome> {
        judge("http://h", "g", 1, &Response { status, body: body.as_bytes().to_vec() })
    }

    fn item(status: u16, error_type: &str, reason: &str) -> Result<Verdict> {
        let error = ServerError {
            error_type: error_type.to_owned(),
            reason: Some(reason.to_owned()),
            caused_by: None,
        };
        judge_item("g", Action::Index(ItemAnswer { index: None, status, result: None, error: Some(error) }))
    }

    fn rejection(error_type: &str, field: Option<&str>) -> Verdict {
        let field = field.map(str::to_owned);
        Verdict::Settled(Answer::Rejected { error_type: error_type.to_owned(), field })
    }

    #[test]
    fn a_conflict_names_the_version_behind_any_id() {
        let reason = "[current version [3]]: version conflict, current version [5] is higher than the one \
            provided [4]";
        let verdict = item(409, "version_conflict_engine_exception", reason).expect("a verdict");
        assert_eq!(verdict, Verdict::Settled(Answer::Newer(5)));
        assert_eq!(item(409, "x", "no version").expect_err("unknown").kind, ErrorKind::Internal);
    }

    #[test]
    fn a_rejection_names_type_and_field_and_no_value() {
        let reason = "failed to parse field [n] of type [integer] in document with id '2'. Preview of field's \
            value: 'failed to parse field [secret]'";
        let parsing = "mapper_parsing_exception";
        assert_eq!(item(400, parsing, reason).expect("a verdict"), rejection(parsing, Some("n")));
        let immense = "Document contains at least one immense term in field=\"kw\" (whose UTF8 encoding …";
        assert_eq!(item(400, "x", immense).expect("a verdict"), rejection("x", Some("kw")));
        let strict = |object| {
            format!("mapping set to strict, dynamic introduction of [m] within [{object}] is not allowed")
        };
        assert_eq!(item(400, "s", &strict("_doc")).expect("a verdict"), rejection("s", Some("m")));
        assert_eq!(item(400, "s", &strict("a.b")).expect("a verdict"), rejection("s", Some("a.b")));
        assert_eq!(item(400, "x", "id [failed] to parse").expect("a verdict"), rejection("x", None));
    }

    #[test]
    fn deleting_what_is_not_there_is_done() {
        let body = r#"{"errors":false,"items":[{"delete":{"status":404}}]}"#;
        let done = Outcome::Items(vec![Verdict::Settled(Answer::Done)]);
        assert_eq!(judged(200, body).expect("an outcome"), done);
    }

    #[test]
    fn a_full_queue_is_a_throttle_and_a_block_is_not() {
        let full = item(429, "rejected_execution_exception", "queue full").expect("a verdict");
        assert_eq!(full, Verdict::Throttled);
        let disk = "index [g] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]";
        assert_eq!(item(429, "cluster_block_exception", disk).expect_err("a stop").kind, ErrorKind::Blocked);
        let write = "index [g] blocked by: [FORBIDDEN/8/index write (api)]";
        assert_eq!(item(403, "cluster_block_exception", write).expect_err("a stop").kind, ErrorKind::Blocked);
    }

    #[test]
    fn a_cluster_without_a_manager_passes_and_is_no_block() {
        let reason = "blocked by: [SERVICE_UNAVAILABLE/2/no cluster manager];";
        assert_eq!(item(503, "cluster_block_exception", reason).expect("a verdict"), Verdict::Throttled);
        let body = format!(r#"{{"error":{{"type":"cluster_block_exception","reason":"{reason}"}}}}"#);
        assert_eq!(judged(503, &body).expect("an outcome"), Outcome::Throttled);
    }

    #[test]
    fn what_was_written_to_another_index_is_not_done() {
        let body = |index| {
            format!(r#"{{"errors":false,"items":[{{"index":{{"_index":"{index}","status":200}}}}]}}"#)
        };
        let done = Outcome::Items(vec![Verdict::Settled(Answer::Done)]);
        assert_eq!(judged(200, &body("g")).expect("an outcome"), done);
        let error = judged(200, &body("other")).expect_err("a stop");
        assert_eq!(error.kind, ErrorKind::Drift);
        assert!(error.message.contains("`g-W` of index `g` points to `other`"), "{error}");
    }

    #[test]
    fn what_a_pipeline_dropped_is_not_done() {
        let body = r#"{"errors":false,"items":[{"index":{"status":200,"result":"noop"}}]}"#;
        assert_eq!(judged(200, body).expect("an outcome"), Outcome::Items(vec![Verdict::Dropped]));
    }

    #[test]
    fn a_generation_that_is_gone_is_drift() {
        for error_type in ["index_not_found_exception", "invalid_index_name_exception"] {
            assert_eq!(item(404, error_type, "").expect_err("a stop").kind, ErrorKind::Drift);
        }
        assert_eq!(item(400, "index_closed_exception", "").expect_err("a stop").kind, ErrorKind::Drift);
    }

    #[test]
    fn whole_requests_are_judged_by_their_status() {
        assert_eq!(judged(413, "").expect("an outcome"), Outcome::TooLong);
        assert_eq!(judged(503, "").expect("an outcome"), Outcome::InDoubt);
        assert_eq!(judged(429, "").expect("an outcome"), Outcome::Throttled);
        assert_eq!(judged(401, "").expect_err("a stop").kind, ErrorKind::Misconfigured);
        assert_eq!(judged(400, "").expect_err("a stop").kind, ErrorKind::Internal);
        assert_eq!(judged(200, r#"{"items":[]}"#).expect_err("one is missing").kind, ErrorKind::Internal);
    }
}
