//! From a plan's references to a transport, in the environment that runs it.

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::secret::{Resolver, Secret, UNCLEAR_CREDENTIALS, has_clear_credentials};
use flusso_schemas::lock::{HttpAddress, OpenSearchPlan, SecretRef, UrlEndpoint};
use url::Url;

use crate::tls::TlsPlan;
use crate::transport::Transport;

/// A transport to where the plan's references lead. Nothing is sent yet.
pub(crate) fn transport(plan: &OpenSearchPlan, resolver: &Resolver) -> Result<Transport> {
    let mut url = parse(&address(&plan.url, resolver)?, &called(&plan.url))?;
    let credentials = credentials(plan, &url, resolver)?;
    let strip = url.set_username("").and_then(|()| url.set_password(None));
    strip.expect("an HTTP URL may have a user and a password");
    let tls = (url.scheme() == "https").then(|| TlsPlan::of(plan, resolver)?.client_config()).transpose()?;
    Transport::new(&url, credentials, tls)
        .map_err(|error| Error::new(ErrorKind::Internal, "the HTTP client cannot be made").with_source(error))
}

fn address(endpoint: &UrlEndpoint, resolver: &Resolver) -> Result<String> {
    match endpoint {
        UrlEndpoint::Url(reference) => Ok(resolver.secret(reference)?.expose().to_owned()),
        UrlEndpoint::Parts(HttpAddress { scheme, host, port, path }) => {
            let [scheme, host, port, path] =
                [scheme, host, port, path].map(|template| resolver.template(template));
            let port = port?;
            let port = if port.is_empty() { port } else { format!(":{port}") };
            Ok(format!("{}://{}{port}{}", scheme?, host?, path?))
        }
    }
}

/// How a message calls a URL.
fn called(endpoint: &UrlEndpoint) -> String {
    match endpoint {
        UrlEndpoint::Url(SecretRef::Env(name)) => format!("`${name}`, the sink's `url`,"),
        _ => "the sink's `url`".to_owned(),
    }
}

fn parse(text: &str, called: &str) -> Result<Url> {
    if !has_clear_credentials(text) {
        let message = format!("{called} {UNCLEAR_CREDENTIALS}, so it cannot be reached");
        return Err(Error::new(ErrorKind::Misconfigured, message)
            .with_help("write `%40` for `@`, `%2F` for `/` and `%3F` for `?`"));
    }
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    // The text may hold a password, and the parser's error says which part it is about without it.
    let url = Url::parse(text.trim()).ok().filter(is_http).ok_or_else(|| {
        let message = format!("{called} is not an HTTP URL, so it cannot be reached");
        Error::new(ErrorKind::Misconfigured, message).with_help("write it as `http://host:9200`")
    })?;
    if url.query().is_some() || url.fragment().is_some() {
        let message = format!("{called} has a part after `?` or `#`, which requests cannot carry");
        return Err(Error::new(ErrorKind::Misconfigured, message).with_help(
            "end the URL before `?` and `#`; a user and password are written in front of the host",
        ));
    }
    Ok(url)
}

/// The plan's user and password, else those in the URL.
fn credentials(plan: &OpenSearchPlan, url: &Url, resolver: &Resolver) -> Result<Option<(String, Secret)>> {
    let Some(user) = &plan.username else { return Ok(in_url(url)) };
    let password = plan.password.as_ref().map(|reference| resolver.secret(reference)).transpose()?;
    Ok(Some((resolver.user(user)?, password.unwrap_or_else(|| Secret::new("")))))
}

fn in_url(url: &Url) -> Option<(String, Secret)> {
    if url.username().is_empty() {
        return None;
    }
    let user = decoded(url.username());
    Some((user, Secret::new(decoded(url.password().unwrap_or_default()))))
}

/// Text without its percent escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped =
            after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_a_url_are_decoded() {
        let url = Url::parse("http://us%40er:p%3Aw%2@h:1").expect("a URL");
        let (user, password) = in_url(&url).expect("it has some");
        assert_eq!((user.as_str(), password.expose()), ("us@er", "p:w%2"));
        assert!(in_url(&Url::parse("http://h:1").expect("a URL")).is_none());
    }

    #[test]
    fn what_is_no_http_url_is_not_repeated() {
        for text in [
            "hunter2",
            "ftp://u:hunter2@h",
            "http://",
            "postgres://u:hunter2@h/d",
            "https://u:12/hunter2@h",
            "https://u:a@hunter2@h",
        ] {
            let error = parse(text, "the URL").expect_err(text);
            assert_eq!(error.kind, ErrorKind::Misconfigured);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_no_request_would_carry_is_refused() {
        for text in ["http://h:1/?api_key=hunter2", "http://h:1?", "http://h/p#hunter2", "http://h:1#"] {
            let error = parse(text, "the URL").expect_err(text).to_string();
            assert!(error.contains("after `?` or `#`") && !error.contains("hunter2"), "{error}");
        }
        assert!(parse("http://h:1/p", "the URL").is_ok());
    }
}
