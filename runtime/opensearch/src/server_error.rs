//! What the server says when it refuses: a type, a reason, and what caused it.

use serde::Deserialize;

use crate::transport::Response;

/// An error of the server. Its reason may quote a document's values: it is shown only where no
/// document was sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ServerError {
    /// Its type, such as `index_not_found_exception`.
    #[serde(rename = "type", default)]
    pub(crate) error_type: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) caused_by: Option<Box<ServerError>>,
}

#[derive(Deserialize)]
struct Envelope {
    error: ServerError,
}

impl ServerError {
    /// The error that a whole answer is; without a type where its body is none.
    pub(crate) fn of(response: &Response) -> Self {
        serde_json::from_slice::<Envelope>(&response.body).map(|answer| answer.error).unwrap_or_default()
    }

    /// The innermost cause: the outer ones only say which step found it.
    pub(crate) fn deepest(&self) -> &Self {
        self.caused_by.as_ref().map_or(self, |cause| cause.deepest())
    }

    /// Its reason, or an empty text.
    pub(crate) fn reason_text(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Whether an index or the cluster accepts no writes until something else changes. A cluster that has no
    /// manager, or has not recovered its state, says `cluster_block_exception` as well: that passes.
    pub(crate) fn is_block(&self) -> bool {
        self.error_type == "cluster_block_exception" && !self.is_without_manager()
    }

    /// Whether the cluster has no elected manager, or is still reading its state.
    pub(crate) fn is_without_manager(&self) -> bool {
        self.error_type == "master_not_discovered_exception"
            || self.error_type == "cluster_manager_not_discovered_exception"
            || (self.error_type == "cluster_block_exception"
                && self.reason_text().contains("SERVICE_UNAVAILABLE/"))
    }

    /// The index that a block's reason begins with; `None` if it is of the cluster.
    pub(crate) fn blocked_index(&self) -> Option<&str> {
        Some(self.reason_text().strip_prefix("index [")?.split_once("] blocked by")?.0)
    }

    /// The block in the server's words, such as `FORBIDDEN/8/index write (api)`.
    pub(crate) fn block(&self) -> Option<&str> {
        Some(self.reason_text().split_once("blocked by: [")?.1.split_once(']')?.0)
    }

    /// Whether the block is the disk's.
    pub(crate) fn is_disk_block(&self) -> bool {
        self.is_block() && self.reason_text().contains("/12/")
    }

    /// Whether the index it was meant for is not there.
    pub(crate) fn is_missing_index(&self) -> bool {
        // A delete through a write alias that is gone says that the alias could be no index.
        matches!(self.error_type.as_str(), "index_not_found_exception" | "invalid_index_name_exception")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_what_is_wrong() {
        let body = br#"{"error":{"type":"a","reason":"outer","caused_by":{"type":"b","reason":"middle",
            "caused_by":{"type":"c","reason":"No handler for type [nope]"}}},"status":400}"#;
        let error = ServerError::of(&Response { status: 400, body: body.to_vec() });
        assert_eq!((error.error_type.as_str(), error.deepest().error_type.as_str()), ("a", "c"));
        assert_eq!(error.deepest().reason_text(), "No handler for type [nope]");
    }

    #[test]
    fn an_answer_without_an_error_has_no_type() {
        let error = ServerError::of(&Response { status: 413, body: Vec::new() });
        assert_eq!(error.error_type, "");
    }
}
