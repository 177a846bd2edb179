//! Requests that may be sent again: reads, and changes whose repetition changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flusso_lints::words::counted;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::progress::{Progress, Shutdown};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backoff;
use crate::outage::Outages;
use crate::server_error::ServerError;
use crate::transport::{Encoding, Request, Response, SendError, Transport, Verb};

/// How long a call is sent again while the server cannot be reached or has no answer: a restart of
/// one node takes about 10 s.
const RETRY_FOR: Duration = Duration::from_secs(30);
/// Longest answer to a call that reads no documents.
pub(crate) const ANSWER_BYTES_MAX: usize = 32 << 20;

/// A server as the sink speaks to it.
#[derive(Debug)]
pub(crate) struct Client {
    transport: Transport,
    timeout: Duration,
    outages: Outages,
    shutdown: Shutdown,
    reached: AtomicBool,
}

/// An answer, and whether more than one request may have reached the server.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) response: Response,
    pub(crate) resent: bool,
}

impl Client {
    pub(crate) fn new(
        transport: Transport,
        timeout: Duration,
        progress: Arc<dyn Progress>,
        shutdown: Shutdown,
    ) -> Self {
        let outages = Outages::new(transport.shown(), progress);
        Self { transport, timeout, outages, shutdown, reached: AtomicBool::new(false) }
    }

    /// Where it is reported that the server does not answer.
    pub(crate) fn outages(&self) -> &Outages {
        &self.outages
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Bound of one request.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answered> {
        self.call(Verb::Get, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answered> {
        self.call(Verb::Post, path, bytes_of(body)).await
    }

    /// The same with another bound of the answer; [`ErrorKind::TooMuch`] where it is longer.
    pub(crate) async fn post_for(
        &self,
        path: &str,
        body: &Value,
        answer_bytes_max: usize,
    ) -> Result<Answered> {
        self.call_for(Verb::Post, path, bytes_of(body), answer_bytes_max).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Answered> {
        self.call(Verb::Put, path, bytes_of(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answered> {
        self.call(Verb::Delete, path, Bytes::new()).await
    }

    /// Sends until there is an answer that waiting would not change, at most [`RETRY_FOR`].
    /// [`ErrorKind::Unreachable`] where the server was never reached, [`ErrorKind::Unanswered`] where it
    /// had been, [`ErrorKind::Misconfigured`] where it refuses our credentials.
    pub(crate) async fn call(&self, verb: Verb, path: &str, body: Bytes) -> Result<Answered> {
        self.call_for(verb, path, body, ANSWER_BYTES_MAX).await
    }

    async fn call_for(
        &self,
        verb: Verb,
        path: &str,
        body: Bytes,
        answer_bytes_max: usize,
    ) -> Result<Answered> {
        let began = Instant::now();
        let (mut attempts, mut resent) = (0, false);
        loop {
            let sent = Instant::now();
            let failure = match self.once(verb, path, body.clone(), answer_bytes_max).await {
                Ok(response) if !is_passing(&response) => {
                    self.outages.answered();
                    return self.admitted(response).map(|response| Answered { response, resent });
                }
                Ok(response) => {
                    resent = true;
                    passing_words(&response)
                }
                Err(SendError::AnswerTooLarge(bytes_max)) => return Err(too_large(path, bytes_max)),
                Err(SendError::NotTrusted(why)) => return Err(self.not_trusted(&why)),
                Err(error) => {
                    resent |= !matches!(error, SendError::Refused(_));
                    error.to_string()
                }
            };
            self.outages.failed(sent, &failure);
            attempts += 1;
            self.wait(attempts, began, failure).await?;
        }
    }

    async fn once(
        &self,
        verb: Verb,
        path: &str,
        body: Bytes,
        answer_bytes_max: usize,
    ) -> Result<Response, SendError> {
        let (path, timeout) = (path.to_owned(), self.timeout);
        let request = Request { verb, path, body, encoding: Encoding::Plain, timeout, answer_bytes_max };
        self.transport.send(request).await
    }

    async fn wait(&self, attempts: u32, began: Instant, failure: String) -> Result<()> {
        let shown = self.transport.shown();
        if !self.reached.load(Ordering::Relaxed) {
            return Err(self
                .error(ErrorKind::Unreachable, format!("{shown} cannot be reached: {failure}"))
                .with_help("check the sink's `url`, and that the server is running"));
        }
        if began.elapsed() > RETRY_FOR {
            let seconds = began.elapsed().as_secs();
            return Err(self.error(
                ErrorKind::Unanswered,
                format!("{shown} has not answered for {seconds} s: {failure}"),
            ));
        }
        self.pause(attempts).await
    }

    /// An error about this server, which is not reported again where its outage was.
    fn error(&self, kind: ErrorKind, message: String) -> Error {
        let error = Error::new(kind, message).with_server(self.transport.shown());
        if self.outages.is_reported() { error.as_reported() } else { error }
    }

    /// TLS was not agreed on.
    pub(crate) fn not_trusted(&self, why: &str) -> Error {
        let message = format!("TLS handshake with {} failed: {why}", self.transport.shown());
        Error::new(ErrorKind::Misconfigured, message)
            .with_server(self.transport.shown())
            .with_help("check the sink's `url`, `ca_cert` and the server's certificate")
    }

    /// Waits before the next attempt; [`ErrorKind::Stopped`] where it was asked to stop meanwhile.
    pub(crate) async fn pause(&self, attempts: u32) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(backoff::pause(attempts)) => Ok(()),
            () = self.shutdown.requested() => {
                Err(Error::new(ErrorKind::Stopped, format!("stopped while waiting for {}", self.transport.shown())))
            }
        }
    }

    fn admitted(&self, response: Response) -> Result<Response> {
        self.reached.store(true, Ordering::Relaxed);
        let error = ServerError::of(&response);
        if response.status == 401 || (response.status == 403 && !error.is_block()) {
            return Err(credentials_refused(self.transport.shown(), response.status));
        }
        Ok(response)
    }
}

impl Answered {
    /// The answer as JSON, where it is a success; else what the server said as an error about `what`.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        self.success(what)?;
        serde_json::from_slice(&self.response.body).map_err(|error| unknown_answer(what, error))
    }

    /// An error about `what`, unless the answer is a success.
    pub(crate) fn success(&self, what: &str) -> Result<()> {
        if self.response.is_success() { Ok(()) } else { Err(refusal(what, &self.response)) }
    }

    /// Whether the server says that there is nothing of that name.
    pub(crate) fn is_missing(&self) -> bool {
        self.response.status == 404
    }
}

/// Whether waiting a moment may change the answer: the server is starting, overloaded, without a cluster
/// manager, or behind a proxy that cannot reach it. Not 408: so a wait at the server itself runs out.
fn is_passing(response: &Response) -> bool {
    match response.status {
        502..=504 => true,
        429 => !ServerError::of(response).is_block(),
        _ => false,
    }
}

/// An answer that will pass, in words.
fn passing_words(response: &Response) -> String {
    let error = ServerError::of(response);
    let status = response.status;
    match error.deepest().error_type.as_str() {
        _ if error.is_without_manager() => format!("the cluster has no elected cluster manager ({status})"),
        "" => format!("it answers {status}"),
        error_type => format!("it answers {status} ({error_type})"),
    }
}

/// What a refused call that sent no document becomes.
pub(crate) fn refusal(what: &str, response: &Response) -> Error {
    let error = ServerError::of(response);
    if error.is_block() {
        return blocked(&error);
    }
    let (status, cause) = (response.status, error.deepest());
    let reason =
        if cause.error_type.is_empty() { String::new() } else { format!(": {}", cause.reason_text()) };
    Error::new(ErrorKind::Rejected, format!("{what} was refused ({status} {}){reason}", cause.error_type))
}

/// Writes that are refused until something else changes.
pub(crate) fn blocked(error: &ServerError) -> Error {
    let whom =
        error.blocked_index().map_or_else(|| "the cluster".to_owned(), |name| format!("index `{name}`"));
    if error.is_disk_block() {
        return Error::new(
            ErrorKind::Blocked,
            format!("{whom} is read-only: a disk is above the flood-stage watermark"),
        )
        .with_help("free disk space, or add a node; the server then lifts the block by itself");
    }
    let block = error.block().map_or_else(String::new, |block| format!(" ({block})"));
    Error::new(ErrorKind::Blocked, format!("{whom} is blocked for writes by a setting{block}"))
        .with_help("remove the `blocks` setting of the index or the cluster")
}

/// Missing or wrong credentials, or a role that may not do this.
pub(crate) fn credentials_refused(shown: &str, status: u16) -> Error {
    Error::new(ErrorKind::Misconfigured, format!("{shown} denies access with status {status}"))
        .with_server(shown)
        .with_help("check the sink's `username` and `password` and what that user may do")
}

/// An answer that is not what the server's version promises.
pub(crate) fn unknown_answer(what: &str, error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("unexpected answer to {what}")).with_source(error)
}

fn too_large(path: &str, bytes_max: usize) -> Error {
    let path = path.split('?').next().unwrap_or_default();
    Error::new(
        ErrorKind::TooMuch,
        format!("the answer to `{path}` has more than {}", counted(bytes_max, "byte")),
    )
}

/// No body at all for null: some calls take an empty object for something to do.
fn bytes_of(body: &Value) -> Bytes {
    if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_full_disk_is_no_throttle_and_says_what_to_do() {
        let body = r#"{"error":{"type":"cluster_block_exception","reason":"index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];"},"status":429}"#;
        assert!(!is_passing(&response(429, body)));
        assert!(is_passing(&response(429, r#"{"error":{"type":"circuit_breaking_exception"}}"#)));
        let error = refusal("a write", &response(429, body));
        assert_eq!(error.kind, ErrorKind::Blocked);
        assert_eq!(error.message, "index `a` is read-only: a disk is above the flood-stage watermark");
        assert!(error.help.is_some_and(|help| help.contains("free disk space")));
    }

    #[test]
    fn a_refusal_names_the_innermost_cause() {
        let body = r#"{"error":{"type":"outer","reason":"x","caused_by":{"type":"mapper_parsing_exception","reason":"no such kind"}},"status":400}"#;
        let error = refusal("index `a`", &response(400, body));
        assert_eq!(error.message, "index `a` was refused (400 mapper_parsing_exception): no such kind");
    }
}
