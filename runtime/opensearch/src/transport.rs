//! One HTTP request and its answer: bytes in, status and bounded bytes out. No retry: what may be
//! sent again depends on what is asked.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flusso_lints::words::counted;
use flusso_runtime::secret::Secret;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

/// Longest wait for a TCP connection; a server on the same network answers or refuses within this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Plain,
    Gzip,
}

/// A request, complete but for the URL's server part.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    /// Path with its query, beginning with a slash; names in it went through [`segment`].
    pub(crate) path: String,
    /// JSON, or lines of JSON.
    pub(crate) body: Bytes,
    pub(crate) encoding: Encoding,
    pub(crate) timeout: Duration,
    /// A longer answer is not read to its end.
    pub(crate) answer_bytes_max: usize,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why a request got no answer. None of these texts contains the URL, which may contain a credential.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection could be made, so nothing was sent.
    #[error("cannot connect: {0}")]
    Refused(String),
    /// Something may have been sent, and may have been done.
    #[error("connection lost: {0}")]
    Broken(String),
    /// The same, after the request's bound.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Nothing was sent: TLS was not agreed on, and will not be by waiting.
    #[error("TLS failed: {0}")]
    NotTrusted(String),
    /// It was answered, but with more than may be kept.
    #[error("the answer has more than {}", counted(*.0, "byte"))]
    AnswerTooLarge(usize),
}

/// A server's address and how to speak to it.
#[derive(Debug)]
pub(crate) struct Transport {
    client: reqwest::Client,
    base: String,
    shown: String,
    path: String,
    credentials: Option<(String, Secret)>,
}

impl Transport {
    /// A transport to a URL without credentials in it. Connects when something is sent.
    pub(crate) fn new(
        url: &Url,
        credentials: Option<(String, Secret)>,
        tls: Option<ClientConfig>,
    ) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder();
        let builder = builder.redirect(Policy::none()).no_proxy().connect_timeout(CONNECT_TIMEOUT);
        let client = builder.tls_backend_preconfigured(tls.unwrap_or_else(no_tls)).build()?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { client, base, shown, path, credentials })
    }

    /// The path below which the server is asked to be; mostly empty.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Scheme, host and port, for messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Sends once and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, SendError> {
        let (timeout, bytes_max) = (request.timeout, request.answer_bytes_max);
        let answer = self.builder(request).send().await.map_err(|error| failure(error, timeout))?;
        let status = answer.status().as_u16();
        let body = read(answer, bytes_max, timeout).await?;
        Ok(Response { status, body })
    }

    fn builder(&self, request: Request) -> reqwest::RequestBuilder {
        let method = match request.verb {
            Verb::Get => reqwest::Method::GET,
            Verb::Put => reqwest::Method::PUT,
            Verb::Post => reqwest::Method::POST,
            Verb::Delete => reqwest::Method::DELETE,
        };
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self.client.request(method, url).timeout(request.timeout);
        if let Some((user, password)) = &self.credentials {
            builder = builder.basic_auth(user, Some(password.expose()));
        }
        if request.encoding == Encoding::Gzip {
            builder = builder.header(CONTENT_ENCODING, "gzip");
        }
        if request.body.is_empty() {
            return builder;
        }
        builder.header(CONTENT_TYPE, "application/json").body(request.body)
    }
}

/// Trusts no certificate: used where the URL is plain http, or the client would read every certificate of the
/// system for nothing.
fn no_tls() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring serves every version")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

async fn read(
    mut answer: reqwest::Response,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Vec<u8>, SendError> {
    let announced = answer.content_length().unwrap_or_default();
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default().min(bytes_max));
    while let Some(part) = answer.chunk().await.map_err(|error| failure(error, timeout))? {
        if body.len() + part.len() > bytes_max {
            return Err(SendError::AnswerTooLarge(bytes_max));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn failure(error: reqwest::Error, timeout: Duration) -> SendError {
    match () {
        () if is_about_tls(&error) => SendError::NotTrusted(innermost(&error)),
        () if error.is_connect() => SendError::Refused(innermost(&error)),
        () if error.is_timeout() => SendError::TimedOut(timeout),
        () => SendError::Broken(innermost(&error)),
    }
}

/// Whether TLS was not agreed on, such as for a certificate that is not trusted.
fn is_about_tls(error: &(dyn StdError + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An I/O error keeps what it was made of where `source` does not look.
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.is_some_and(|inner| is_about_tls(inner)) || error.source().is_some_and(is_about_tls)
}

/// The last cause says what happened (`Connection refused`); those before it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "the client gave up".to_owned(),
        None => cause.to_string(),
    }
}

/// A name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,*:".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_of_the_path() {
        assert_eq!(segment("generation:a-1_b.c"), "generation:a-1_b.c");
        assert_eq!(segment("a/b?c#ä%"), "a%2Fb%3Fc%23%C3%A4%25");
    }

    #[test]
    fn what_is_shown_of_an_address_is_scheme_host_and_port() {
        let url = Url::parse("http://search.example/prefix/").expect("a URL");
        let transport = Transport::new(&url, None, None).expect("a client");
        assert_eq!(transport.shown(), "http://search.example:80");
        assert_eq!(transport.path(), "/prefix");
        assert_eq!(transport.base, "http://search.example/prefix");
    }
}
