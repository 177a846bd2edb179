//! Connection URLs: one reference to a whole one, or a text whose credentials are references.

use flusso_schemas::lock::{
    HttpAddress, PostgresAddress, SecretRef, SourceEndpoint, Template, UrlEndpoint, UserName,
};

use super::keys::Reader;
use super::tree::{Content, Entry};
use super::values::{one_reference, references};
use crate::diagnostic::Place;
use crate::mask::outside_references;
use flusso_lints::{literal_secret, wrong_type};

/// A URL's text in parts; templates are not yet resolved.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// A URL as the file writes it.
enum Written<'a> {
    /// A reference to a whole one.
    Reference(SecretRef),
    /// A text whose credentials, if any, are still to be looked at.
    Parts(Parts<'a>),
}

/// Reads `source.postgres.url`; reports credentials that are written out.
pub(super) fn postgres(reader: &mut Reader, entry: &Entry) -> Option<SourceEndpoint> {
    const PATH: &str = "source.postgres.url";
    let parts = match written(reader, entry, PATH, &["postgres", "postgresql"])? {
        Written::Reference(reference) => return Some(SourceEndpoint::Url(reference)),
        Written::Parts(parts) => parts,
    };
    if parts.query.is_some() {
        let place = reader.place(&entry.value.span);
        reader.push(wrong_type::url_parameters(PATH, place));
        return None;
    }
    let credentials = credentials(reader, entry, &parts, PATH, "DATABASE_URL")?;
    Some(SourceEndpoint::Parts(PostgresAddress {
        host: Template(parts.host.to_owned()),
        port: Template(parts.port.unwrap_or("5432").to_owned()),
        database: Template(parts.path.trim_start_matches('/').to_owned()),
        user: credentials.0,
        password: credentials.1,
    }))
}

/// Reads a sink's `url`.
pub(super) fn sink(reader: &mut Reader, entry: &Entry, path: &str) -> Option<UrlEndpoint> {
    let parts = match written(reader, entry, path, &["http", "https"])? {
        Written::Reference(reference) => return Some(UrlEndpoint::Url(reference)),
        Written::Parts(parts) => parts,
    };
    if parts.user.is_some() {
        if credentials(reader, entry, &parts, path, "OPENSEARCH_URL").is_some() {
            let place = reader.place(&entry.value.span);
            reader.push(wrong_type::user_in_url(path, place));
        }
        return None;
    }
    let has_fragment = [parts.host, parts.port.unwrap_or_default(), parts.path]
        .into_iter()
        .any(|part| outside_references(part, '#').is_some());
    if parts.query.is_some() || has_fragment {
        let place = reader.place(&entry.value.span);
        reader.push(wrong_type::query_in_sink_url(path, place));
        return None;
    }
    Some(UrlEndpoint::Parts(HttpAddress {
        scheme: Template(parts.scheme.to_owned()),
        host: Template(parts.host.to_owned()),
        port: Template(parts.port.unwrap_or_default().to_owned()),
        path: Template(parts.path.trim_end_matches('/').to_owned()),
    }))
}

fn written<'a>(reader: &mut Reader, entry: &'a Entry, path: &str, schemes: &[&str]) -> Option<Written<'a>> {
    let Content::Scalar { text, .. } = &entry.value.content else {
        return reader.secret(path, &entry.value).map(Written::Reference);
    };
    if let Some(reference) = one_reference(text) {
        return Some(Written::Reference(reference));
    }
    if has_default(text) || is_unclear(text) {
        reader.literal_secret(path, &entry.value);
        return None;
    }
    parts(reader, entry, text, path, schemes).map(Written::Parts)
}

/// Whether a whole URL is a reference with a default, which would be a URL written out.
fn has_default(text: &str) -> bool {
    text.starts_with("${") && text.ends_with('}') && text.contains(":-") && !text.contains("}:")
}

/// Whether something in front of an `@` is not where a user and a password are: one of them holds `/`, `?` or
/// `@`, and what follows would be taken for the host or the path.
fn is_unclear(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return text.contains('@') };
    let end = [outside_references(rest, '/'), outside_references(rest, '?')];
    let authority = &rest[..end.into_iter().flatten().min().unwrap_or(rest.len())];
    rest.matches('@').count() > usize::from(authority.contains('@'))
}

type Credentials = (Option<UserName>, Option<SecretRef>);

/// User and password of a URL; the password must be a reference.
fn credentials(
    reader: &mut Reader,
    entry: &Entry,
    parts: &Parts<'_>,
    path: &str,
    variable: &str,
) -> Option<Credentials> {
    let user = parts.user.map(user_name);
    match parts.password.map(one_reference) {
        None => Some((user, None)),
        Some(Some(password)) => Some((user, Some(password))),
        Some(None) => {
            reader.push(literal_secret::password_in_url(path, variable, credentials_place(reader, entry)));
            None
        }
    }
}

/// A user's name: kept like a password where it is one reference, else written out.
pub(super) fn user_name(text: &str) -> UserName {
    one_reference(text).map_or_else(|| UserName::Text(Template(text.to_owned())), UserName::Secret)
}

/// From `//` to `@`.
fn credentials_place(reader: &Reader, entry: &Entry) -> Place {
    let Content::Scalar { text, .. } = &entry.value.content else { return reader.place(&entry.value.span) };
    let span = &entry.value.span;
    let quote = usize::from(span.len() > text.len());
    match (text.find("//"), text.rfind('@')) {
        (Some(from), Some(to)) if span.len() <= text.len() + 2 => {
            Place::new(reader.file, span.start + quote + from + 2..span.start + quote + to)
        }
        _ => reader.place(span),
    }
}

fn parts<'a>(
    reader: &mut Reader,
    entry: &Entry,
    text: &'a str,
    path: &str,
    schemes: &[&str],
) -> Option<Parts<'a>> {
    let read = split(text).filter(|parts| schemes.contains(&parts.scheme) && !parts.host.is_empty());
    let place = reader.place(&entry.value.span);
    reader.push(match (&read, references(text)) {
        (Some(_), Ok(_)) => return read,
        (Some(_), Err(_)) => wrong_type::reference_in_url(path, place),
        (None, _) => wrong_type::not_a_url(path, schemes[0], place),
    });
    None
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let (rest, query) = match outside_references(rest, '?') {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (authority, path) = match outside_references(rest, '/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (userinfo, address) = match authority.rsplit_once('@') {
        Some((userinfo, address)) => (Some(userinfo), address),
        None => (None, authority),
    };
    let (user, password) = match userinfo.map(|info| (info, outside_references(info, ':'))) {
        Some((info, Some(at))) => (Some(&info[..at]), Some(&info[at + 1..])),
        Some((info, None)) => (Some(info), None),
        None => (None, None),
    };
    let from = address.rfind(']').unwrap_or(0);
    let (host, port) = match outside_references(&address[from..], ':') {
        Some(at) => (&address[..from + at], Some(&address[from + at + 1..])),
        None => (address, None),
    };
    Some(Parts { scheme, user, password, host, port, path, query })
}
